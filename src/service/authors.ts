/** Records who makes a draft what it is, as votes of authors do not count. */
import type { Transaction } from '../database/connection.ts'
import { type Author, addAuthors, authorsOf, nextProposal } from '../database/review/authors.ts'
import { type Actor, isPrincipal } from './access/actor.ts'
import { personsBehind } from './access/persons.ts'

/** Authors that only an index knew that is lost, or an earlier version did not record. */
export const UNKNOWN_AUTHOR: Author = { id: '', name: '' }

/** Records the creator of a draft. The authors of a draft that it continues are authors of this one. */
export async function recordCreator(
  transaction: Transaction,
  actor: Actor,
  name: string,
  continues: string | undefined,
): Promise<void> {
  await addAuthors(transaction, name, 'created', await authorsBehind(transaction, actor))
  if (continues === undefined) return
  const { authors, complete } = await authorsOf(transaction, continues)
  await addAuthors(transaction, name, 'edited', complete ? authors : [...authors, UNKNOWN_AUTHOR])
}

export async function recordAuthor(
  transaction: Transaction,
  actor: Actor,
  name: string,
  part: 'edited' | 'proposed',
  proposal?: number,
): Promise<void> {
  await addAuthors(transaction, name, part, await authorsBehind(transaction, actor), proposal)
}

/** Records a proposal of a revision, or of its deletion: votes on earlier ones no longer count. */
export async function recordProposal(transaction: Transaction, actor: Actor, name: string): Promise<void> {
  await recordAuthor(transaction, actor, name, 'proposed', await nextProposal(transaction, name))
}

/** A caller without an account may be any person. */
async function authorsBehind(transaction: Transaction, actor: Actor): Promise<Author[]> {
  const { name } = actor
  if (!isPrincipal(actor)) return [{ id: '', name }]
  return (await personsBehind(transaction, actor)).map((id) => ({ id, name }))
}
