import { firstFew } from '../core/first-few.ts'
import type { Reader } from '../database/connection.ts'
import { SEES_ALL, seesAll, type Visibility } from '../domain/access/visible-set.ts'

/** Names in a message. */
const SHOWN = 20

export type Users = {
  /** The names that the caller may know. */
  names: readonly string[]
  /** The same as part of a sentence, which says if there are more. */
  text: string
}

/** Resolves to what uses something, as the caller may be told; undefined if nothing does. */
export async function usersOf(
  db: Reader,
  visibility: Visibility,
  find: (db: Reader, visibility: Visibility, limit: number) => Promise<string[]>,
): Promise<Users | undefined> {
  const all = await find(db, SEES_ALL, SHOWN + 1)
  if (all.length === 0) return undefined
  const names = seesAll(visibility) ? all : await find(db, visibility, SHOWN + 1)
  const others = names.length < all.length
  const text =
    names.length === 0
      ? 'revisions that you may not read'
      : firstFew(names, SHOWN) + (others ? ' and others' : '')
  return { names: names.slice(0, SHOWN), text }
}
