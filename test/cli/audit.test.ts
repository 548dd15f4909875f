import { describe, expect, it } from 'vitest'
import { folderApp } from '../support/app.ts'
import { exported, tamper } from '../support/audit.ts'
import { runCommand, startServer } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'

describe('pkgserver audit verify', () => {
  it('verifies the log of a running and of a stopped server, and heads that are given', async () => {
    const data = await temporaryFolder()
    const { client, stop } = await startServer(data)
    await client.createRepository()
    const [{ seq, hash }] = await exported(client)
    const verify = (...heads: string[]) => runCommand(['audit', 'verify', '--data', data, ...heads])
    const running = await verify(`${seq}:${hash}`)
    expect(running.output).toMatch(
      /^1 heads that were kept elsewhere agree\nchecked 2 records, 1 to 2 in .*: nothing is changed or missing\nhead 2:[0-9a-f]{64}\n$/,
    )
    expect(running.code).toBe(0)
    await stop()
    const stopped = await verify(`${seq}:${hash}`)
    expect(stopped.output).toContain('2 heads that were kept elsewhere agree')
    expect(stopped.code).toBe(0)
    const other = await verify(`${seq}:${'0'.repeat(64)}`)
    expect(other.output).toContain('record 1: it has another hash than the head given: the log was rewritten')
    expect(other.code).toBe(1)
  })

  it('fails where a record was changed, and says which', async () => {
    const app = await folderApp()
    await app.client.createRepository()
    await tamper(app.parts, `UPDATE audit SET record = replace(record, 'anonymous', 'eve')`)
    await app.close()
    const { code, output } = await runCommand(['audit', 'verify', '--data', app.data])
    expect(output).toContain('record 1: it was changed: its content does not have its hash')
    expect(code).toBe(1)
  })

  it('says what it does not understand', async () => {
    const data = await temporaryFolder()
    expect(await runCommand(['audit', 'verify', '12:abc', '--data', data])).toMatchObject({
      code: 2,
      log: expect.stringContaining('"12:abc" is no head of an audit log'),
    })
    expect(await runCommand(['audit', 'show', '--data', data])).toMatchObject({
      code: 2,
      log: expect.stringContaining('run audit verify'),
    })
  })
})
