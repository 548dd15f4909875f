import type { TokenLimits } from '../../domain/access/grant.ts'
import type { Token } from '../../domain/access/token.ts'

/** The caller of a use case. Records call it by its name. */
export type Actor =
  /** The server itself. */
  | { kind: 'system'; name: string }
  | { kind: 'anonymous'; name: string }
  | RootActor
  | PrincipalActor
  /** Known by the name in a record only, and so without rights. */
  | { kind?: undefined; name: string }

/** An admin without an account: the bearer of a token that the settings, or the data folder, have. */
export type RootActor = { kind: 'root'; name: string; tokenId: string }

/** A user or a service account. */
export type PrincipalActor = {
  kind: 'user' | 'serviceaccount'
  name: string
  principalId: string
  groups: readonly string[]
  /** The token that the caller presented, which limits what it may do. Undefined for sessions. */
  token: (TokenLimits & Pick<Token, 'id' | 'kind' | 'expiresAt' | 'identity'>) | undefined
  /** The session of a browser that the caller came with. */
  session?: { id: string; expiresAt: string }
}

export const SYSTEM: Actor = { kind: 'system', name: 'pkgserver' }
export const ANONYMOUS: Actor = { kind: 'anonymous', name: 'anonymous' }

export function isPrincipal(actor: Actor): actor is PrincipalActor {
  return actor.kind === 'user' || actor.kind === 'serviceaccount'
}
