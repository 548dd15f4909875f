/** Third-party registries, and how to authenticate with them. */
import { startTokenServer, type TokenServer } from '../token-server.ts'
import type { Peer } from './server-process.ts'

export type RegistryAuth = 'none' | 'htpasswd' | 'token'

export type Login = { username: string; password: string }

export type RegistryPeer = Peer & {
  /** The only user, who may do everything. Absent without authentication. */
  credentials?: Login
  /** The token server, if tokens are required. It stops with its registry. */
  tokens?: TokenServer
}

export const LOGIN: Login = { username: 'tester', password: 'correct horse' }

/** An htpasswd file with LOGIN. bcrypt has its lowest cost because registries check it with every request. */
export const HTPASSWD = 'tester:$2b$04$2h/yOQk333Gts/5k8oPjcONonG7Ur2wLIJZDcWdt6wMjTZD0zh5hi\n'

/** Starts a registry, and a token server if `auth` needs one. */
export async function withAuth(
  auth: RegistryAuth,
  start: (tokens: TokenServer | undefined) => Promise<Peer>,
): Promise<RegistryPeer> {
  if (auth === 'none') return start(undefined)
  if (auth === 'htpasswd') return { ...(await start(undefined)), credentials: LOGIN }
  const tokens = await startTokenServer({ users: [LOGIN] })
  try {
    const peer = await start(tokens)
    const stop = async () => {
      await peer.stop()
      await tokens.stop()
    }
    return { ...peer, credentials: LOGIN, tokens, stop }
  } catch (error) {
    await tokens.stop()
    throw error
  }
}
