import type { Config } from '../config.ts'
import { localUrl } from './local-url.ts'

/** Asks the server at an address of this machine whether it is ready, and why not. */
export async function askReadiness(listen: Config['listen']): Promise<{ ready: boolean; text: string }> {
  const url = new URL('/readyz', localUrl(listen))
  try {
    const response = await fetch(url)
    return { ready: response.ok, text: `${await response.text()}\n` }
  } catch {
    return { ready: false, text: `no server answers at ${url.host}\n` }
  }
}
