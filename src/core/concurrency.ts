import pLimit from 'p-limit'

const DEFAULT_CONCURRENCY = 32
/** Bounds the queue: each waiting call takes more than a kilobyte. */
const QUEUED_AT_ONCE = 1000

/**
 * Like `Promise.all`, but rejects only after all promises have settled: callers release locks and drop temporary data
 * on return, so nothing may still be running then.
 */
export async function settleAll<T>(promises: Iterable<Promise<T>>): Promise<T[]> {
  const settled = await Promise.allSettled(promises)
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}

/**
 * Maps items with a bounded number of calls in flight; results keep the order of the items. After a failure no further
 * call is started, and the promise rejects once those in flight have settled.
 */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  concurrency = DEFAULT_CONCURRENCY,
): Promise<R[]> {
  const limit = pLimit({ concurrency, rejectOnClear: true })
  const call = async (item: T): Promise<R> => {
    try {
      return await work(item)
    } catch (error) {
      limit.clearQueue()
      throw error
    }
  }
  const results: R[] = []
  for (let at = 0; at < items.length; at += QUEUED_AT_ONCE) {
    // Calls start in order, so the first rejection is a failure of `work` and not of a call that was cleared.
    const slice = items.slice(at, at + QUEUED_AT_ONCE).map((item) => limit(call, item))
    for (const result of await settleAll(slice)) results.push(result)
  }
  return results
}
