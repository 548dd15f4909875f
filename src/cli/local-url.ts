import type { Config } from '../config.ts'

/** The URL at which this machine reaches a server that listens at an address. */
export function localUrl({ host, port }: Config['listen']): URL {
  // The unspecified addresses are for listening only.
  const local = { '': 'localhost', '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  return new URL(`http://${local.includes(':') ? `[${local}]` : local}:${port}`)
}
