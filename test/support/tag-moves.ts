/** Checks the history of a tag from moves that each name the digest they moved it from. */

export type Move = { from: string; to: string }

/** Returns the digests that a tag had after `first`, up to `last`, or undefined if no sequence of moves leads there. */
export function pathBetween(moves: readonly Move[], first: string, last: string): string[] | undefined {
  const before = new Map(moves.map(({ from, to }) => [to, from]))
  const path: string[] = []
  for (let at = last; at !== first; ) {
    const from = before.get(at)
    if (from === undefined) return undefined
    path.unshift(at)
    at = from
  }
  return path
}

/** Returns the acknowledged moves that are not part of the tag's path. */
export function lostMoves(acknowledged: readonly Move[], path: readonly string[]): Move[] {
  const made = new Set(path)
  return acknowledged.filter(({ to }) => !made.has(to))
}
