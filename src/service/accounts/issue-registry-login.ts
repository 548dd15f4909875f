import { AppError, isDiskFull } from '../../core/errors.ts'
import { patternText } from '../../domain/access/pattern.ts'
import type { AccessControl } from '../access/access-control.ts'
import { type Actor, isPrincipal } from '../access/actor.ts'
import { audit } from '../audit/record.ts'
import { tokenEvent } from './change-events.ts'
import { earlier, type IssuedToken, issueToken, later } from './issue-token.ts'

/** In milliseconds. */
const LIFETIME = 90 * 24 * 60 * 60_000

/**
 * Creates the token that a client of the registry keeps after a login in place of the one that was typed: it gives
 * registry tokens and nothing else, and ends with that one. Resolves to undefined where there can be none, so that the
 * client keeps what it has. `client` is what it calls itself.
 */
export async function issueRegistryLogin(
  access: AccessControl,
  actor: Actor,
  client: string,
): Promise<IssuedToken | undefined> {
  const parent = isPrincipal(actor) ? actor.token : undefined
  if (!isPrincipal(actor) || !parent || parent.kind === 'registry') return undefined
  const now = access.ctx.now()
  const content = {
    kind: 'registry' as const,
    principalId: actor.principalId,
    name: nameOf(client),
    permissions: [...parent.permissions],
    repositories: parent.repositories.map(patternText),
    expiresAt: earlier(parent.expiresAt, later(now, LIFETIME)),
    parentId: parent.id,
    identity: parent.identity,
  }
  try {
    // Not as a change of the policy: what is known of other tokens stays right.
    return await access.ctx.commits.run(async (transaction) => {
      const issued = await issueToken(transaction, actor, content, now)
      await audit(access.ctx, transaction, actor, tokenEvent('token.created', actor.name, issued.token))
      return issued
    })
  } catch (error) {
    if ((error instanceof AppError && error.code === 'conflict') || isDiskFull(error)) return undefined
    throw error
  }
}

function nameOf(client: string): string {
  const plain = client.replaceAll(/[^\w.@ -]/g, '').slice(0, 50)
  return plain === '' ? 'registry login' : `registry login of ${plain}`
}
