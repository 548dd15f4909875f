import { describe, expect, it } from 'vitest'
import { runCommand, startServer } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'

const NOTHING = 'removed 0 manifests, 0 blobs (0 bytes)'

describe('pkgserver gc', () => {
  it('makes the server that uses the data collect, and removes nothing that is needed', async () => {
    const data = await temporaryFolder()
    const { client, url, stop } = await startServer(data, ['--gc-grace', '0'])
    await client.createRepository()
    const files = { resources: { 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n' } }
    const overwritten = await client.createDraft('ws1', files)
    const path = `/packagerevisions/${overwritten.name}/resources`
    const other = { resources: { 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n' } }
    await client.ok('PUT', path, other, { 'If-Match': '*' })
    await client.verb(overwritten.name, 'propose')
    const published = await client.verb(overwritten.name, 'approve')

    const gc = (...flags: string[]) => runCommand(['gc', '--data', data, ...flags])
    const dry = await gc('--dry-run')
    expect(dry.output).toContain(`manifest  ${overwritten.artifact.digest}  blueprints/nf/upf`)
    expect(dry.output).toContain('would remove 3 manifests')
    expect(await client.resolve(overwritten.artifact.digest)).toBeDefined()

    const { output, code } = await gc()
    expect(output).toMatch(/^removed 3 manifests, 2 blobs/)
    expect(code).toBe(0)
    expect(await client.resolve(overwritten.artifact.digest)).toBeUndefined()
    expect(await client.resolve('v1')).toBe(published.artifact.digest)
    expect(await client.resources(published.name)).toEqual(other.resources)
    const metrics = await (await fetch(new URL('/metrics', url))).text()
    expect(metrics).toContain('registry_garbage_removed_total{kind="manifests"} 3')

    await stop()
    // Without a server, the command collects by itself.
    const own = await runCommand(['gc', '--data', data, '--gc-grace', '0'])
    expect(own.output).toContain(NOTHING)
  })

  it('runs at an interval in the server, and logs it', async () => {
    const server = await startServer(await temporaryFolder(), ['--gc-interval', '1s', '--gc-grace', '0'])
    await expect.poll(server.log).toContain('garbage collected')
  })
})
