/** The server in a container whose root file system is read-only, with a volume for the data. */
import { execFileSync } from 'node:child_process'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { allAnswers } from '../support/answers.ts'
import { PKGSERVER, startServer } from '../support/process.ts'
import { seedServer } from '../support/seed-server.ts'
import { temporaryFolder } from '../support/temporary.ts'

/** Makes all but the folder that follows it read-only, for the command that follows that. */
const READ_ONLY_ROOT = join(import.meta.dirname, '../../.ci/read-only-root')

/** Whether this user may mount, be it in a namespace of its own. */
function canMount(folder: string): boolean {
  try {
    execFileSync(READ_ONLY_ROOT, [folder, 'true'], { stdio: 'pipe' })
    return true
  } catch (error) {
    if (process.env.CI) throw error
    process.stderr.write('SKIPPED: a read-only root needs Linux and user namespaces, or root.\n')
    return false
  }
}

it('writes nothing outside its data folder', async (context) => {
  const data = await temporaryFolder()
  if (!canMount(data)) return context.skip()
  const command = [READ_ONLY_ROOT, data, ...PKGSERVER, 'serve']
  const { client, url, stop } = await startServer(data, ['--gc-grace', '0'], {}, { command })
  await seedServer(client)
  await allAnswers(client)
  expect(await client.ok('POST', '/verifications', { fix: true })).toMatchObject({ differences: [] })
  await client.ok('POST', '/garbage-collections', {})
  const backup = await client.send('/api/v1/backups', { method: 'POST' })
  expect((await backup.arrayBuffer()).byteLength).toBeGreaterThan(10_000)
  expect(await (await fetch(new URL('/readyz', url))).json()).toMatchObject({ status: 'ready' })
  expect(await stop()).toBe(0)
  await access(join(data, 'index.db'))
})
