import { type Visibility, visibilityKey } from '../../domain/access/visible-set.ts'
import { isPrincipal } from './actor.ts'
import { type Caller, rightsOf } from './policy.ts'

/** What a caller sees. */
export function visibleTo({ policy, actor }: Caller): Visibility {
  return rightsOf(policy, actor).visibility
}

/** A text that differs for other callers, and for one that sees something else than before. */
export function viewKey(caller: Caller): string {
  const { actor } = caller
  const who = isPrincipal(actor) ? actor.principalId : (actor.kind ?? 'nobody')
  return `${who} ${visibilityKey(visibleTo(caller))}`
}
