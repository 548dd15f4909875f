import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { expect, it } from 'vitest'
import { Connections } from '../../../src/oci/remote/connections.ts'
import { listening } from '../../support/listening.ts'
import { resolving } from '../../support/names.ts'

async function statusOf(connections: Connections, url: URL): Promise<number | undefined> {
  await connections.check(url)
  const request = connections.open(url, { method: 'GET' })
  request.end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  return response.statusCode
}

it('does not reuse a connection that another guard has allowed', async () => {
  resolving({ 'inside.test': () => '127.0.0.1' })
  const { port } = await listening((_, response) => void response.end())
  const url = new URL(`http://inside.test:${port}`)
  expect(await statusOf(new Connections({ guard: () => undefined }), url)).toBe(200)
  const guarded = new Connections({ guard: (address) => `${address} is refused` })
  await expect(statusOf(guarded, url)).rejects.toThrow('127.0.0.1 is refused')
})

it('asks the guard about every address of a name, and about literal addresses', async () => {
  const asked: string[] = []
  const guard = (address: string, { hostname }: URL) => {
    asked.push(`${hostname} ${address}`)
    return undefined
  }
  const { port } = await listening((_, response) => void response.end())
  resolving({ 'inside.test': () => '127.0.0.1' })
  for (const host of ['inside.test', '127.0.0.1', '0x7f.1']) {
    expect(await statusOf(new Connections({ guard }), new URL(`http://${host}:${port}`))).toBe(200)
  }
  expect(asked).toEqual(['inside.test 127.0.0.1', '127.0.0.1 127.0.0.1', '127.0.0.1 127.0.0.1'])
})
