/** zot, a registry with the referrers API: https://zotregistry.dev/latest/admin-guide/admin-configuration/ */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tool } from '../program.ts'
import type { TokenServer } from '../token-server.ts'
import { HTPASSWD, type RegistryAuth, type RegistryPeer, withAuth } from './registry-peer.ts'
import { startServerProcess } from './server-process.ts'

/** Version 2.1. It may be missing in CI too, because not every Go module proxy serves its module. */
export const ZOT = tool(
  'zot',
  'Get it from https://github.com/project-zot/zot/releases; the minimal build is enough.',
)

export function zot({ auth = 'none' }: { auth?: RegistryAuth } = {}): Promise<RegistryPeer> {
  return withAuth(auth, (tokens) =>
    startServerProcess(ZOT, async (port, folder) => {
      const config = {
        distSpecVersion: '1.1.1',
        storage: { rootDirectory: join(folder, 'storage') },
        http: { address: '127.0.0.1', port: String(port), ...(await authOf(auth, folder, tokens)) },
        log: { level: 'warn' },
      }
      const path = join(folder, 'config.json')
      await writeFile(path, JSON.stringify(config))
      return { args: ['serve', path], ready: '/v2/' }
    }),
  )
}

async function authOf(auth: RegistryAuth, folder: string, tokens: TokenServer | undefined) {
  if (auth === 'htpasswd') {
    const path = join(folder, 'htpasswd')
    await writeFile(path, HTPASSWD)
    return { auth: { htpasswd: { path } } }
  }
  if (tokens) {
    const cert = join(folder, 'tokens.pem')
    await writeFile(cert, tokens.certificate)
    return { auth: { bearer: { realm: tokens.realm, service: tokens.service, cert } } }
  }
  return {}
}
