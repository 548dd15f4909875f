import type { BlobStore } from '../../src/registry/store/blob-store.ts'

/** Is called right before and right after each operation of a store; may take its time, or throw. */
export type Disturb = (when: 'before' | 'after', operation: string, key?: unknown) => Promise<void>

/** The store, slowed down or failing as `disturb` likes. */
export function disturbedStore(store: BlobStore, disturb: Disturb): BlobStore {
  const wrapped = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(_, name) {
        const member = Reflect.get(target, name, target)
        if (typeof member !== 'function' || name === 'read' || name === 'append') {
          return typeof member === 'function' ? member.bind(target) : member
        }
        return async (...args: unknown[]) => {
          await disturb('before', String(name), args[0])
          const result = await member.apply(target, args)
          await disturb('after', String(name), args[0])
          return name === 'upload' ? wrapped(result) : result
        }
      },
    })
  return wrapped(store)
}

/** Numbers from 0 to below 1 that a seed determines (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Lets others go on for up to so many turns of the queue of promises; now and then for ten times as many. */
export async function someTurns(random: () => number, most: number): Promise<void> {
  const limit = random() < 0.05 ? most * 10 : most
  for (let turns = Math.floor(random() * (limit + 1)); turns > 0; turns--) await undefined
}
