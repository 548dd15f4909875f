/** olareg, a small registry with the referrers API. It has no authentication: https://github.com/olareg/olareg */
import { join } from 'node:path'
import type { RegistryPeer } from './registry-peer.ts'
import { peerProgram, startServerProcess } from './server-process.ts'

export const OLAREG = peerProgram('olareg')

export function olareg(options: { delete?: boolean } = {}): Promise<RegistryPeer> {
  const deletes = options.delete ?? true
  return startServerProcess(OLAREG, async (port, folder) => ({
    args: [
      'serve',
      ...['--addr', '127.0.0.1', '--port', String(port), '--dir', join(folder, 'storage')],
      `--api-delete=${deletes}`,
      `--api-blob-delete=${deletes}`,
    ],
    ready: '/v2/',
  }))
}
