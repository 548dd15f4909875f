/**
 * What all of these resolve to. Throws where one of them does, as Promise.all does, but not before all have ended: the
 * caller must not give back a lock, or say that it is through, while some are still at work.
 */
export async function allDone<T>(work: Iterable<Promise<T>>): Promise<T[]> {
  const settled = await Promise.allSettled(work)
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}
