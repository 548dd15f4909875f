/** A real OpenID provider on a port of its own, whose people log in without a password. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import OidcProvider from 'oidc-provider'
import { Connections } from '../../src/oci/remote/connections.ts'
import { Provider, type ProviderSettings } from '../../src/service/login/provider.ts'

export const PUBLIC_URL = 'https://packages.example.com'

type Person = Record<string, unknown>

/** The provider's own store in memory, of which it warns in the log unless it is given. */
const STORE = 'oidc-provider/lib/adapters/memory_adapter.js'

export type IdentityProvider = Awaited<ReturnType<typeof identityProvider>>

/** `close` must be called. `inIdToken`: whether the ID token says all that there is. */
export async function identityProvider({ inIdToken = true } = {}) {
  const people = new Map<string, Person>()
  let current = 'ann'
  let server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const issuer = `http://127.0.0.1:${port}`
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const { createMemoryAdapter } = await import(STORE)
  const provider = new OidcProvider(issuer, {
    adapter: createMemoryAdapter(0),
    clients: [
      {
        client_id: 'pkgserver',
        client_secret: 'a-secret-of-the-client',
        redirect_uris: [`${PUBLIC_URL}/auth/callback`, 'http://localhost:8080/auth/callback'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
      {
        client_id: 'public',
        token_endpoint_auth_method: 'none',
        redirect_uris: [`${PUBLIC_URL}/auth/callback`],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'one' }] },
    cookies: { keys: ['a-key-of-the-cookies'] },
    claims: {
      openid: ['sub', 'teams'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    scopes: ['openid', 'offline_access', 'profile', 'email', 'groups'],
    conformIdTokenClaims: !inIdToken,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      Grant: 86400,
      IdToken: 600,
      RefreshToken: 86400,
      Interaction: 600,
      Session: 86400,
    },
    issueRefreshToken: async () => true,
    findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id, ...people.get(id) }) }),
    // Consent is given without asking.
    loadExistingGrant: async (ctx) => {
      const { client, params, session } = ctx.oidc
      const grant = new ctx.oidc.provider.Grant({
        clientId: client?.clientId ?? '',
        accountId: session?.accountId ?? '',
      })
      grant.addOIDCScope(String(params?.scope))
      await grant.save()
      return grant
    },
  })
  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) return next()
    await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: current, remember: false } })
    ctx.respond = false
  })
  server.on('request', provider.callback())
  const grants: string[] = []
  provider.on('grant.success', (ctx) => void grants.push(ctx.oidc.entities.Grant?.jti ?? ''))
  return {
    issuer,
    provider,
    /** Sets what the provider says of a person, who is the next to log in. */
    person: (id: string, claims: Person = {}) => {
      current = id
      people.set(id, { preferred_username: id, name: id, ...claims })
    },
    /** The provider as the server knows it. */
    client: (settings: Partial<ProviderSettings> = {}) => providerClient(issuer, settings),
    /** Ends all logins. */
    revokeAll: async () => {
      for (const grant of grants) await provider.RefreshToken.revokeByGrantId(grant)
    },
    /** Listens again. */
    open: () => {
      server = createServer(provider.callback()).listen(port, '127.0.0.1')
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

export function providerClient(
  issuer: string,
  settings: Partial<ProviderSettings> = {},
  timeout?: number,
): Provider {
  const all = {
    issuer: new URL(issuer),
    clientId: 'pkgserver',
    clientSecret: 'a-secret-of-the-client',
    scopes: 'openid profile email groups',
    groupsClaim: 'groups',
    usernameClaim: 'preferred_username',
    ...settings,
  }
  return new Provider(all, new Connections({ keepAlive: false }), timeout)
}
