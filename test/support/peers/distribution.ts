/**
 * distribution, the registry that Docker started: 2.8, the most common version, and 3. Neither has the referrers API.
 * https://distribution.github.io/distribution/about/configuration/
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TokenServer } from '../token-server.ts'
import { HTPASSWD, type RegistryAuth, type RegistryPeer, withAuth } from './registry-peer.ts'
import { type Peer, peerProgram, startServerProcess } from './server-process.ts'

export type DistributionOptions = {
  auth?: RegistryAuth
  /** Whether it allows deletion: true by default here, false by default in the program itself. */
  delete?: boolean
}

/** Version 2.8, as Debian packages it. */
export const DOCKER_REGISTRY = peerProgram('docker-registry')

/** Version 3. */
export const DISTRIBUTION = peerProgram('distribution')

export function dockerRegistry(options: DistributionOptions = {}): Promise<RegistryPeer> {
  const { auth = 'none' } = options
  return withAuth(auth, (tokens) => start(DOCKER_REGISTRY, options, tokens))
}

export function distribution(options: DistributionOptions = {}): Promise<RegistryPeer> {
  const { auth = 'none' } = options
  return withAuth(auth, (tokens) => start(DISTRIBUTION, options, tokens))
}

function start(
  program: typeof DISTRIBUTION,
  options: DistributionOptions,
  tokens: TokenServer | undefined,
): Promise<Peer> {
  return startServerProcess(program, async (port, folder) => {
    const config = {
      version: 0.1,
      log: { level: 'warn', accesslog: { disabled: true } },
      storage: {
        filesystem: { rootdirectory: join(folder, 'storage') },
        delete: { enabled: options.delete ?? true },
        cache: { blobdescriptor: 'inmemory' },
      },
      http: { addr: `127.0.0.1:${port}`, secret: 'unused' },
      ...(await authOf(options.auth, folder, tokens)),
    }
    const path = join(folder, 'config.yml')
    await writeFile(path, JSON.stringify(config))
    return { args: ['serve', path], env: { OTEL_TRACES_EXPORTER: 'none' }, ready: '/v2/' }
  })
}

async function authOf(auth: RegistryAuth | undefined, folder: string, tokens: TokenServer | undefined) {
  if (auth === 'htpasswd') {
    const path = join(folder, 'htpasswd')
    await writeFile(path, HTPASSWD)
    return { auth: { htpasswd: { realm: 'peer', path } } }
  }
  if (tokens) {
    const rootcertbundle = join(folder, 'tokens.pem')
    await writeFile(rootcertbundle, tokens.certificate)
    const { realm, service, issuer } = tokens
    return { auth: { token: { realm, service, issuer, rootcertbundle } } }
  }
  return {}
}
