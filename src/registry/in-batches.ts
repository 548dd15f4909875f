import { allDone } from './all-done.ts'

const AT_ONCE = 32

/** Works on all items, some of them at the same time. Resolves to what comes of each. */
export async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let at = 0; at < items.length; at += AT_ONCE) {
    results.push(...(await allDone(items.slice(at, at + AT_ONCE).map(work))))
  }
  return results
}
