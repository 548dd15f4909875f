/** The end of a pass before it is through: as the server stops, or as the registry takes too long. */

/** The longest that a pass may take, in milliseconds: who answers slowly shall not keep the others from their turn. */
const LONGEST_PASS = 60 * 60 * 1000

export function passSignal(stopped: AbortSignal): AbortSignal {
  return AbortSignal.any([stopped, AbortSignal.timeout(LONGEST_PASS)])
}

/** Whether a pass was cut off as it took too long, and not as the server stops. */
export function tookTooLong({ reason }: AbortSignal): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError'
}

/** What a promise comes to, or the reason why nobody waits for it any more. */
export async function unlessStopped<T>(promise: Promise<T>, stopped: AbortSignal): Promise<T> {
  stopped.throwIfAborted()
  const { promise: end, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(stopped.reason)
  stopped.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, end])
  } finally {
    stopped.removeEventListener('abort', onAbort)
  }
}
