/** Issuers: services outside whose tokens tell which job or workload a caller is. */
import { AppError } from '../../core/errors.ts'
import { labelProblem } from '../names.ts'

export const ISSUER_KINDS = ['github', 'gitlab', 'kubernetes', 'other'] as const
export type IssuerKind = (typeof ISSUER_KINDS)[number]

/** https://www.rfc-editor.org/rfc/rfc7517#section-5 */
export type PublicKeys = { keys: readonly Readonly<Record<string, unknown>>[] }

export type IssuerContent = {
  name: string
  /** As its tokens have it, letter for letter. Several issuers may have the same: clusters often do. */
  issuer: string
  kind: IssuerKind
  /** Where its keys are; undefined: its discovery document says so, or `jwks` has them. */
  jwksUri: string | undefined
  jwks: PublicKeys | undefined
  /** Certificates that it is trusted by, as PEM, in place of those of the system. */
  caCertificate: string | undefined
  /** Whether it may be at a private address. */
  internal: boolean
}

export type Issuer = IssuerContent & {
  /** Never given out again, unlike the name. */
  id: string
  createdBy: string
  createdAt: string
  updatedAt: string
  resourceVersion: string
}

/** An issuer as it is given: `kind` may follow from its URL. */
export type NewIssuer = Pick<IssuerContent, 'name' | 'issuer' | 'internal'> &
  Partial<Pick<IssuerContent, 'kind' | 'jwksUri' | 'jwks' | 'caCertificate'>>

const MAX_URL = 500
const MAX_KEYS = 100
const MAX_KEYS_SIZE = 64 * 1024
const MAX_CERTIFICATE = 64 * 1024
/** Names of what private and symmetric keys have: https://www.rfc-editor.org/rfc/rfc7518#section-6 */
const PRIVATE_PARTS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/** Completes the kind. Throws `invalid` for an issuer that cannot be. */
export function checkedIssuer(given: NewIssuer): IssuerContent {
  const nameProblem = labelProblem(given.name)
  if (nameProblem) throw new AppError('invalid', `the name of an issuer ${nameProblem}`)
  const known = knownKind(httpsUrl(given.issuer, 'issuer'))
  if (known && given.kind !== undefined && given.kind !== known) {
    throw new AppError('invalid', `${given.issuer} is of the kind ${known}: leave the kind out`)
  }
  const problem = keysProblem(given)
  if (problem) throw new AppError('invalid', problem)
  if (given.jwksUri !== undefined) httpsUrl(given.jwksUri, 'jwksUri')
  const { name, issuer, kind = known ?? 'other', jwksUri, jwks, caCertificate, internal } = given
  return { name, issuer, kind, jwksUri, jwks, caCertificate, internal }
}

/** Throws `invalid` for a text that is no URL with HTTPS, or has more than an address and a path. */
function httpsUrl(text: string, field: string): URL {
  const url = text.length <= MAX_URL && URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:' && url.username + url.password + url.search + url.hash === '') return url
  throw new AppError(
    'invalid',
    `${field} must be a URL that begins with https://, without user, query and fragment, of at most ${MAX_URL} characters`,
  )
}

/** The kind of an issuer that is known by its address. */
function knownKind({ hostname, pathname }: URL): IssuerKind | undefined {
  if (/^token\.actions\.(?:githubusercontent\.com|[^.]+\.ghe\.com)$/.test(hostname)) return 'github'
  if (/\/_services\/token\/?$/.test(pathname)) return 'github'
  return hostname === 'gitlab.com' ? 'gitlab' : undefined
}

function keysProblem({ jwks, jwksUri, caCertificate = '' }: NewIssuer): string | undefined {
  if (caCertificate.length > MAX_CERTIFICATE) return 'caCertificate is too long'
  if (!jwks) return undefined
  if (jwksUri !== undefined) return 'an issuer has either jwks or jwksUri: leave one out'
  if (caCertificate !== '') return 'caCertificate is for keys that are fetched: leave it out'
  if (jwks.keys.length === 0 || jwks.keys.length > MAX_KEYS) return `jwks must have 1 to ${MAX_KEYS} keys`
  if (JSON.stringify(jwks).length > MAX_KEYS_SIZE) return `jwks must have at most ${MAX_KEYS_SIZE} bytes`
  const isPrivate = jwks.keys.some((key) => PRIVATE_PARTS.some((part) => Object.hasOwn(key, part)))
  if (isPrivate) return 'jwks has a private key: send the public keys only, and replace that key'
  const isUnknown = jwks.keys.some(({ kty }) => !['RSA', 'EC', 'OKP'].includes(String(kty)))
  return isUnknown ? 'jwks has a key of a kind that is not known: the kty is RSA, EC or OKP' : undefined
}
