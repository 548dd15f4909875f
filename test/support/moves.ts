/** A tag that clients move one after the other: each move names what it moved the tag from. */

export type Move = { from: string; to: string }

/** What the tag has pointed to on its way from `first`, which is left out, to `last`. Undefined where there is no way. */
export function wayOf(moves: readonly Move[], first: string, last: string): string[] | undefined {
  const before = new Map(moves.map(({ from, to }) => [to, from]))
  const way: string[] = []
  for (let at = last; at !== first; ) {
    const from = before.get(at)
    if (from === undefined) return undefined
    way.unshift(at)
    at = from
  }
  return way
}

/** Those that the tag has not made on its way, though they are said to have been made. */
export function lostMoves(said: readonly Move[], way: readonly string[]): Move[] {
  const made = new Set(way)
  return said.filter(({ to }) => !made.has(to))
}
