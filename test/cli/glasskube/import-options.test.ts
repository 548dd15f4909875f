import { expect, it } from 'vitest'
import { commandsWith } from '../../../src/cli/commands.ts'
import { elsewhere } from '../../../src/cli/glasskube/open-api.ts'
import { type ImportOptions, run } from '../../../src/cli/run.ts'
import { writeTree } from '../../support/glasskube-tree.ts'
import { temporaryFolder } from '../../support/temporary.ts'

/** Runs `import glasskube` without an import. Returns the exit code, the errors, and the options of the import. */
async function runImport(...args: string[]) {
  const log: string[] = []
  let options: ImportOptions | undefined
  const output = { out: () => undefined, error: (text: string) => void log.push(text) }
  const commands = {
    ...commandsWith(output),
    importGlasskube: async (_config: unknown, _location: string, given: ImportOptions) => {
      options = given
      return { complete: true, text: '' }
    },
  }
  const code = await run(['import', 'glasskube', '/tree', ...args], commands, output)
  return { code, log: log.join(''), options }
}

it('keeps an empty --server, so that nothing is imported into the data of this machine instead', async () => {
  expect(await runImport('--repository=apps', '--server=')).toMatchObject({ options: { server: '' } })
  await expect(elsewhere('', undefined)).rejects.toThrow('--server must be the URL of a server')
})

it('refuses a token without a server, and names that no repository can have', async () => {
  expect(await runImport('--repository=apps', '--token-file=/token')).toEqual({
    code: 2,
    log: 'pkgserver: --token-file is for a server elsewhere: add --server URL\n',
    options: undefined,
  })
  for (const name of ['..', 'a/b', '?x=1', 'Apps']) {
    const { code, log } = await runImport(`--repository=${name}`)
    expect([code, log]).toEqual([2, expect.stringContaining(`--repository ${name} must be 1 to 63`)])
  }
})

it('refuses URLs of servers with more than an address', async () => {
  for (const server of ['localhost:8080', 'https://me:secret@a.example', 'https://a.example/base', 'ftp://a'])
    await expect(elsewhere(server, undefined), server).rejects.toMatchObject({
      code: 'invalid',
      message: expect.not.stringContaining('secret'),
    })
  await elsewhere('https://a.example', undefined)
})

it('refuses a file that is no token', async () => {
  const folder = await temporaryFolder()
  await writeTree(folder, { two: 'abc\ndef\n', empty: '\n', other: 'tök', one: 'abc\n' })
  for (const name of ['two', 'empty', 'other']) {
    const file = `${folder}/${name}`
    await expect(elsewhere('https://a.example', file)).rejects.toThrow(`${file} must contain a token`)
  }
  await elsewhere('https://a.example', `${folder}/one`)
})
