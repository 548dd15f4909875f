import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { askReadiness } from '../../src/cli/ready.ts'
import { listening } from '../support/listening.ts'
import { runCommand, startServer } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'

/** The arguments of pkgserver in the health check of the container. */
async function healthCheck(): Promise<string[]> {
  const dockerfile = await readFile(join(import.meta.dirname, '../../Dockerfile'), 'utf8')
  const command = JSON.parse(/^HEALTHCHECK [^[]*CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]')
  expect(command.slice(0, 2)).toEqual(['node', 'src/main.ts'])
  return command.slice(2)
}

describe('the health check of the container', () => {
  it('asks the server at the address of the settings', async () => {
    const { url, client, stop } = await startServer(await temporaryFolder(), ['--stop-delay', '2s'])
    const check = async (listen: string) => runCommand(await healthCheck(), { PKGSERVER_LISTEN: listen })
    for (const host of ['127.0.0.1', '0.0.0.0', 'localhost', '']) {
      expect(await check(`${host}:${url.port}`), host).toMatchObject({
        code: 0,
        output: expect.stringContaining('"status":"ready"'),
      })
    }
    expect(await check('127.0.0.1:1')).toMatchObject({
      code: 1,
      output: 'no server answers at 127.0.0.1:1\n',
    })
    const stopped = stop()
    await expect.poll(async () => (await client.send('/readyz')).status).toBe(503)
    expect(await check(url.host)).toMatchObject({ code: 1, output: expect.stringContaining('is stopping') })
    expect(await stopped).toBe(0)
  })

  it.each([
    ['never answers', () => undefined],
    [
      'never ends its answer',
      (response: ServerResponse) => void setInterval(() => response.write(' '), 5).unref(),
    ],
  ])('gives up a server that %s', async (_, answer) => {
    const { port } = await listening((_request, response) => answer(response))
    expect(await askReadiness({ host: '127.0.0.1', port: Number(port) }, 100)).toEqual({
      ready: false,
      text: `127.0.0.1:${port} does not answer within 0.1 seconds\n`,
    })
  })
})
