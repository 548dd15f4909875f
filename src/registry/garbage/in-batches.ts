import { allDone } from '../all-done.ts'

const AT_ONCE = 32

/** Works on all items, some of them at the same time. */
export async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE) {
    await allDone(items.slice(at, at + AT_ONCE).map(work))
  }
}
