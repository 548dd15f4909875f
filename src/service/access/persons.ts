/** Which accounts are one person, as far as the server can tell. */
import type { Reader, Transaction } from '../../database/connection.ts'
import { type Made, personsOf, saveMakers } from '../../database/review/persons.ts'
import { type Actor, isPrincipal, type PrincipalActor } from './actor.ts'

/** Resolves to the ids of a caller and of all who stand behind it. */
export async function personsBehind(
  db: Reader,
  {
    kind,
    principalId,
    token,
  }: Pick<PrincipalActor, 'kind' | 'principalId'> & { token?: { id: string } | undefined },
): Promise<string[]> {
  return kind === 'user' ? [principalId] : personsOf(db, principalId, token?.id ?? null)
}

/** Records who can act with something from now on, also by what it makes in turn. */
export async function recordMaker(transaction: Transaction, actor: Actor, made: Made): Promise<void> {
  if (isPrincipal(actor)) await saveMakers(transaction, made, await personsBehind(transaction, actor))
}
