/** Returns a generator of pseudorandom numbers from 0 to below 1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Yields to other promises for a random number of turns of the microtask queue, sometimes for ten times as many. */
export async function randomTurns(random: () => number, most: number): Promise<void> {
  const limit = random() < 0.05 ? most * 10 : most
  for (let turns = Math.floor(random() * (limit + 1)); turns > 0; turns--) await undefined
}
