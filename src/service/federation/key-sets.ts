import type { JWTVerifyGetKey } from 'jose'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { AppError } from '../../core/errors.ts'
import type { Issuer } from '../../domain/federation/issuer.ts'
import type { Proxies } from '../../oci/remote/connections.ts'
import { fetchJson, issuerConnections } from './fetch-json.ts'
import { KeySet, keysIn } from './key-set.ts'

export type KeySetsOptions = {
  now: () => Date
  report: (error: unknown) => void
  proxies?: Proxies | undefined
  /** Milliseconds for each fetch. */
  timeout?: number
}

/** As many as there can be issuers. */
const MOST = 100
const TIMEOUT = 5000

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.string() })

/** The keys of all issuers, each as of the issuer's last change. */
export class KeySets {
  readonly #options: KeySetsOptions
  readonly #connections: Record<'public' | 'internal', ReturnType<typeof issuerConnections>>
  readonly #sets = new LRUCache<string, { find: JWTVerifyGetKey }>({ max: MOST })

  constructor(options: KeySetsOptions) {
    this.#options = options
    this.#connections = {
      public: issuerConnections(false, options.proxies),
      internal: issuerConnections(true, options.proxies),
    }
  }

  of(issuer: Issuer): JWTVerifyGetKey {
    const key = `${issuer.id} ${issuer.resourceVersion}`
    const known = this.#sets.get(key)
    if (known) return known.find
    const { now, report } = this.#options
    const set = issuer.jwks
      ? { find: keysIn(issuer.jwks) }
      : new KeySet({ fetch: this.#fetcher(issuer), now, report })
    this.#sets.set(key, set)
    return set.find
  }

  /** Returns a function that fetches the keys of an issuer, and remembers where they are as long as that works. */
  #fetcher({ issuer, jwksUri, caCertificate, internal }: Issuer): () => Promise<unknown> {
    const connections = this.#connections[internal ? 'internal' : 'public']
    const { timeout = TIMEOUT } = this.#options
    const fetch = (url: URL) => fetchJson(url, { connections, ca: caCertificate, timeout })
    let discoveredAt: URL | undefined
    return async () => {
      if (jwksUri !== undefined) return fetch(new URL(jwksUri))
      const url = discoveredAt ?? (await discovered(issuer, fetch))
      discoveredAt = undefined
      const keys = await fetch(url)
      discoveredAt = url
      return keys
    }
  }
}

/** Where the keys of an issuer are, by its own word: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig */
async function discovered(issuer: string, fetch: (url: URL) => Promise<unknown>): Promise<URL> {
  const url = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const found = discoverySchema.safeParse(await fetch(url))
  if (!found.success) throw unusable(url, 'is no discovery document')
  const { issuer: named, jwks_uri } = found.data
  if (named !== issuer) throw unusable(url, 'is that of another issuer')
  const place = URL.canParse(jwks_uri) ? new URL(jwks_uri) : undefined
  if (place?.protocol === 'https:' && place.origin === url.origin) return place
  throw unusable(url, 'leads to keys on another server: an admin can set jwksUri, if that is right')
}

function unusable(url: URL, what: string): AppError {
  return new AppError('unavailable', `${url.href} ${what}`)
}
