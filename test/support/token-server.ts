/**
 * Issues signed tokens for real registries, as the token services of Docker Hub and GitHub do, and records requests.
 * https://distribution.github.io/distribution/spec/auth/token/ and …/oauth/
 */
import { randomUUID, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { type Certified, selfSigned } from './certificate.ts'

export type TokenRequest = {
  /** GET with Basic credentials or none, or POST with a form. */
  method: 'GET' | 'POST'
  grant?: string
  /** Absent for anonymous requests. */
  username?: string
  service: string
  scopes: string[]
  status: number
}

export type TokenServer = {
  url: URL
  /** These settings go into the configuration of a registry. */
  realm: string
  service: string
  issuer: string
  /** Verifies the signatures; PEM. */
  certificate: string
  requests: TokenRequest[]
  /** Returns a user's token for the grant `refresh_token`. */
  refreshToken: (username: string) => string
  stop: () => Promise<void>
}

export type TokenServerOptions = {
  users: { username: string; password: string }[]
  service?: string
  /** At least 60, which clients assume by default. */
  expiresInSeconds?: number
  /** Returns the granted actions out of those requested. Default: all for users, none for anonymous requests. */
  grant?: (username: string | undefined, scope: Access) => string[]
}

export type Access = { type: string; name: string; actions: string[] }

type Question = {
  grant?: string
  username?: string
  known: boolean
  service: string
  scopes: string[]
  offline: boolean
}

export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const { users, service = 'peer', expiresInSeconds = 300 } = options
  const grant = options.grant ?? ((username, { actions }) => (username === undefined ? [] : actions))
  const signer = selfSigned('tokens')
  const issuer = 'token-server'
  const requests: TokenRequest[] = []
  const refreshTokens = new Map(users.map(({ username }) => [username, randomUUID()]))

  const isPassword = (username: string, password: string) =>
    users.some((user) => user.username === username && user.password === password)

  function byQuery(request: IncomingMessage, url: URL): Question {
    const { searchParams: query } = url
    const common = {
      service: query.get('service') ?? '',
      scopes: query.getAll('scope').flatMap(words),
      offline: query.get('offline_token') === 'true',
    }
    const basic = /^Basic (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (basic === undefined) return { ...common, known: request.headers.authorization === undefined }
    const [username = '', ...password] = Buffer.from(basic, 'base64').toString().split(':')
    return { ...common, username, known: isPassword(username, password.join(':')) }
  }

  function byForm(form: URLSearchParams): Question {
    const common = {
      service: form.get('service') ?? '',
      scopes: words(form.get('scope') ?? ''),
      grant: form.get('grant_type') ?? '',
    }
    const token = form.get('refresh_token')
    if (common.grant === 'refresh_token') {
      const [username] = [...refreshTokens].find(([, secret]) => secret === token) ?? []
      return {
        ...common,
        ...(username !== undefined && { username }),
        known: username !== undefined,
        offline: true,
      }
    }
    const username = form.get('username') ?? ''
    const known = common.grant === 'password' && isPassword(username, form.get('password') ?? '')
    return { ...common, username, known, offline: form.get('access_type') === 'offline' }
  }

  function answerTo({ username, known, service: audience, scopes, offline }: Question) {
    if (!known) return { status: 401, body: { error: 'invalid_grant', details: 'unknown user or password' } }
    if (audience !== service) return { status: 400, body: { error: 'invalid_request', details: 'service' } }
    const access = scopes.map(accessOf).map((wanted) => ({ ...wanted, actions: grant(username, wanted) }))
    const now = Math.floor(Date.now() / 1000)
    const token = jwt(signer, {
      iss: issuer,
      sub: username ?? '',
      aud: service,
      // Allows for clock skew.
      nbf: now - 10,
      iat: now,
      exp: now + expiresInSeconds,
      jti: randomUUID(),
      access: access.filter(({ actions }) => actions.length > 0),
    })
    const refresh = offline && username !== undefined ? { refresh_token: refreshTokens.get(username) } : {}
    const times = { expires_in: expiresInSeconds, issued_at: new Date(now * 1000).toISOString() }
    return {
      status: 200,
      body: { token, access_token: token, scope: scopes.join(' '), ...times, ...refresh },
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const isPost = request.method === 'POST'
    const question = isPost ? byForm(new URLSearchParams(await text(request))) : byQuery(request, url)
    const { status, body } = answerTo(question)
    const { known: _, offline: __, ...asked } = question
    requests.push({ method: isPost ? 'POST' : 'GET', ...asked, status })
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error) => response.writeHead(500).end(String(error)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
  return {
    url,
    realm: `${url}token`,
    service,
    issuer,
    certificate: signer.pem,
    requests,
    refreshToken: (username) => refreshTokens.get(username) ?? '',
    stop: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** Parses a scope like `repository:a/b:pull,push`, whose name may contain colons, for example before a port. */
function accessOf(scope: string): Access {
  const [type = '', ...rest] = scope.split(':')
  const actions = rest.pop() ?? ''
  return { type, name: rest.join(':'), actions: actions.split(',') }
}

function words(text: string): string[] {
  return text.split(' ').filter(Boolean)
}

/** Includes the certificate, by which all of the registries find the key. */
function jwt({ key, der }: Certified, claims: object): string {
  const header = { typ: 'JWT', alg: 'RS256', x5c: [der.toString('base64')] }
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const signed = `${encode(header)}.${encode(claims)}`
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`
}
