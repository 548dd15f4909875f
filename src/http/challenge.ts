/** How a refused client is asked for credentials. https://distribution.github.io/distribution/spec/auth/token/ */
import { type BlockList, isIP } from 'node:net'
import type { Context } from 'hono'
import { REGISTRY_SERVICE } from '../service/access/registry-tokens.ts'
import { contains, plainAddress } from './client-address.ts'
import { isPrivateName } from './known-hosts.ts'
import { registryScope, scopeText } from './registry-scope.ts'

export const TOKEN_PATH = '/auth/token'

export type TokenService = { publicUrl: URL; trustedProxies: BlockList }

declare module 'hono' {
  interface ContextVariableMap {
    tokenService: TokenService | undefined
    /** What is wrong with a token that was presented, as old clients need it to fetch another. */
    tokenFault: 'invalid_token' | 'insufficient_scope' | undefined
  }
}

/** Returns the headers of a refusal with 401: exactly one challenge, as clients take the first, or all at once. */
export function challenge(c: Context): Record<string, string> {
  const fault = c.get('tokenFault')
  const service = c.get('tokenService')
  const parts =
    isRegistry(c) && service
      ? [
          `realm="${tokenUrl(c, service)}"`,
          `service="${REGISTRY_SERVICE}"`,
          ...[registryScope(c)].flatMap((scope) =>
            scope ? [`scope="${quotable(scopeText(scope.asked))}"`] : [],
          ),
        ]
      : [`realm="${REGISTRY_SERVICE}"`]
  if (fault) parts.push(`error="${fault}"`)
  return { 'WWW-Authenticate': `Bearer ${parts.join(',')}`, 'Cache-Control': 'no-store' }
}

/** The same for clients of plain files, such as wget and browsers: they know passwords, and send bearer tokens unasked. */
export function passwordChallenge(): Record<string, string> {
  return { 'WWW-Authenticate': `Basic realm="${REGISTRY_SERVICE}"`, 'Cache-Control': 'no-store' }
}

/** The audience of tokens outside that are meant for this server. */
export function ownAudience(c: Context): string {
  return c.get('tokenService')?.publicUrl.href.replace(/\/$/, '') ?? ''
}

export function isRegistry(c: Context): boolean {
  return /^\/v2(?:\/|$)/.test(c.req.path)
}

/**
 * Where the client reaches the token service. Under a name that is not in the public URL it is the one that the client
 * has called (`known-hosts.ts` has refused foreign ones): some clients send no credentials from an address to another.
 */
function tokenUrl(c: Context, { publicUrl, trustedProxies }: TokenService): URL {
  const called = new URL(c.req.url)
  if (called.host === publicUrl.host) return new URL(TOKEN_PATH, publicUrl)
  const url = new URL(TOKEN_PATH, publicUrl)
  url.host = called.host
  // Assigning a host without a port keeps that of the public URL.
  url.port = called.port
  url.protocol = forwardedProtocol(c, trustedProxies) ?? ownProtocol(called, publicUrl)
  return url
}

/** This server speaks plain HTTP, so what reaches it under an address or a name of its network does, too. */
function ownProtocol({ hostname }: URL, publicUrl: URL): string {
  const own = isIP(hostname.replace(/^\[|\]$/g, '')) !== 0 || isPrivateName(hostname)
  return own ? 'http:' : publicUrl.protocol
}

function forwardedProtocol(c: Context, trusted: BlockList): string | undefined {
  const peer = plainAddress(c.env?.incoming?.socket.remoteAddress)
  if (peer === undefined || !contains(trusted, peer)) return undefined
  const protocol = c.req.header('X-Forwarded-Proto')?.split(',').pop()?.trim().toLowerCase()
  return protocol === 'http' || protocol === 'https' ? `${protocol}:` : undefined
}

/** Names in paths can have any character. */
function quotable(text: string): string {
  return text.replaceAll(/[^\w./:,*-]/g, '')
}
