import { expect, it } from 'vitest'
import { startServer } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'

it('works and stops without a collector that answers', async () => {
  const server = await startServer(await temporaryFolder(), ['--otlp-endpoint', 'http://127.0.0.1:1'])
  await server.client.createRepository()
  expect(await server.stop()).toBe(0)
})
