/** A registry of others, and how one gets in. */
import { startTokenServer, type TokenServer } from '../token-server.ts'
import type { Peer } from './server-process.ts'

export type RegistryAuth = 'none' | 'htpasswd' | 'token'

export type Login = { username: string; password: string }

export type RegistryPeer = Peer & {
  /** Who may do everything; nobody else may do anything. Absent where nobody is asked. */
  credentials?: Login
  /** Who gives out the tokens; only with them. It stops with its registry. */
  tokens?: TokenServer
}

export const LOGIN: Login = { username: 'tester', password: 'correct horse' }

/** A file for htpasswd with LOGIN, by bcrypt with its least cost: registries check it with every request. */
export const HTPASSWD = 'tester:$2b$04$2h/yOQk333Gts/5k8oPjcONonG7Ur2wLIJZDcWdt6wMjTZD0zh5hi\n'

/** What `start` starts, with what `auth` needs. */
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
