/** The end of a sync before it is complete: the server stops, or the registry takes too long. */

/** In milliseconds: a slow registry must not keep the others from their turn. */
const LONGEST_SYNC = 60 * 60 * 1000

/** A signal that aborts when the server stops or the time for a sync is over, and a function that ends this time now. */
export function syncDeadline(stopped: AbortSignal): { signal: AbortSignal; expire: () => void } {
  const early = new AbortController()
  return {
    signal: AbortSignal.any([stopped, early.signal, AbortSignal.timeout(LONGEST_SYNC)]),
    expire: () => early.abort(new DOMException('the sync has had its time', 'TimeoutError')),
  }
}

/** Whether the signal aborted because the time was over, and not because the server stops. */
export function timedOut({ reason }: AbortSignal): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError'
}

/** Settles with the promise, or rejects as soon as the signal aborts. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
