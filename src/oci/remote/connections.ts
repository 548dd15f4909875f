/** Opens connections: through proxies, and only to addresses that a guard allows. */
import { lookup as resolve } from 'node:dns/promises'
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type RequestOptions,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { OciError } from '../errors.ts'
import { literalAddress } from './addresses.ts'

/** Returns why a client may not connect to an address, to which the host of a URL leads; undefined if it may. */
export type Guard = (address: string, url: URL) => string | undefined

/** Which proxy to use for which host, by the names of the environment variables: https://nodejs.org/api/http.html#built-in-proxy-support */
export type Proxies = { HTTP_PROXY?: string; HTTPS_PROXY?: string; NO_PROXY?: string }

export type ConnectionOptions = {
  guard?: Guard | undefined
  proxies?: Proxies | undefined
  /** Keeps connections open for further requests. */
  keepAlive?: boolean
}

/** Milliseconds for which an idle connection is kept. */
const IDLE = 5000

/**
 * The name in a URL proves nothing, so the guard sees the address that is connected to. Connections are not shared with
 * other instances, which may have another guard.
 */
export class Connections {
  readonly #guard: Guard | undefined
  readonly #proxied: boolean
  readonly #agents: { http: HttpAgent; https: HttpsAgent }

  constructor({ guard, proxies, keepAlive = true }: ConnectionOptions = {}) {
    this.#guard = guard
    this.#proxied = Boolean(proxies?.HTTP_PROXY || proxies?.HTTPS_PROXY)
    const options = { keepAlive, ...(keepAlive && { timeout: IDLE }), ...(proxies && { proxyEnv: proxies }) }
    this.#agents = { http: new HttpAgent(options), https: new HttpsAgent(options) }
  }

  /** Throws an OciError for what no connection looks up: literal addresses, and names that a proxy looks up. */
  async check(url: URL): Promise<void> {
    const guard = this.#guard
    const literal = literalAddress(url)
    if (!guard || (literal === undefined && !this.#proxied)) return
    // Behind a proxy there may be no name server for names outside: then the proxy alone decides.
    const addresses = literal === undefined ? await addressesOf(url.hostname).catch(() => []) : [literal]
    const reason = refusal(guard, addresses, url)
    if (reason !== undefined) throw new OciError('unavailable', reason)
  }

  /**
   * Begins a request to a URL that has passed `check`. It fails if its host has an address that the guard refuses. `ca`:
   * certificates that the server is trusted by, in place of those of the system.
   */
  open(url: URL, options: RequestOptions & { ca?: string }): ClientRequest {
    const guard = this.#guard
    const lookup = guard && { lookup: guarded(guard, url) }
    return url.protocol === 'https:'
      ? httpsRequest(url, { ...options, ...lookup, agent: this.#agents.https })
      : httpRequest(url, { ...options, ...lookup, agent: this.#agents.http })
  }
}

async function addressesOf(hostname: string): Promise<string[]> {
  return (await resolve(hostname, { all: true })).map(({ address }) => address)
}

function refusal(guard: Guard, addresses: readonly string[], url: URL): string | undefined {
  return addresses.map((address) => guard(address, url)).find((reason) => reason !== undefined)
}

/** Resolves names for connections. Fails if one of the addresses is refused. */
function guarded(guard: Guard, url: URL): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }).then(
      (addresses) => {
        const reason = refusal(
          guard,
          addresses.map(({ address }) => address),
          url,
        )
        const [first] = addresses
        if (reason !== undefined) callback(new OciError('unavailable', reason), '', 0)
        else if (!first) callback(new OciError('unavailable', `${hostname} has no address`), '', 0)
        else if (options.all) callback(null, addresses)
        else callback(null, first.address, first.family)
      },
      (error) => callback(error, '', 0),
    )
  }
}
