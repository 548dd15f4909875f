import type { Config } from '../config.ts'
import { localUrl } from './local-url.ts'

/** Milliseconds. The server answers within 3 seconds, even if one of its parts does not. */
const TIMEOUT = 10_000

/** Asks the server at an address of this machine whether it is ready, and why not. */
export async function askReadiness(
  listen: Config['listen'],
  timeout = TIMEOUT,
): Promise<{ ready: boolean; text: string }> {
  const url = new URL('/readyz', localUrl(listen))
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeout) })
    return { ready: response.ok, text: `${await response.text()}\n` }
  } catch (error) {
    if ((error as Error).name === 'TimeoutError')
      return { ready: false, text: `${url.host} does not answer within ${timeout / 1000} seconds\n` }
    return { ready: false, text: `no server answers at ${url.host}\n` }
  }
}
