import { describe, expect, it } from 'vitest'
import { DEFAULT_TOKEN_PERMISSIONS } from '../../../src/domain/access/permission.ts'
import { type Claims, claimText, pathProblem } from '../../../src/domain/federation/claims.ts'
import { checkedIssuer, type IssuerKind, type NewIssuer } from '../../../src/domain/federation/issuer.ts'
import {
  checkTrust,
  type Trust,
  type TrustContent,
  trustRefusal,
} from '../../../src/domain/federation/trust.ts'

function content(claims: TrustContent['claims'], more: Partial<TrustContent> = {}): TrustContent {
  return { audiences: [], claims, permissions: DEFAULT_TOKEN_PERMISSIONS, repositories: ['*'], ...more }
}

function problem(kind: IssuerKind, claims: TrustContent['claims'], more: Partial<TrustContent> = {}): string {
  try {
    checkTrust(content(claims, more), kind)
    return 'fine'
  } catch (error) {
    return (error as Error).message
  }
}

const FILE = 'o/r/.github/workflows/release.yml@refs/heads/main'

describe('a trust', () => {
  it.each<[IssuerKind, TrustContent['claims']]>([
    ['github', { repository_id: ['74'], environment: ['prod'] }],
    ['github', { repository_owner_id: ['65'], environment: ['prod'] }],
    ['github', { repository_id: ['74'], job_workflow_ref: [FILE], ref: ['refs/heads/main', 'refs/tags/v*'] }],
    ['github', { repository_id: ['74'], workflow_ref: [FILE], ref_protected: ['true'] }],
    ['gitlab', { project_id: ['7'], environment: ['prod'] }],
    ['gitlab', { namespace_id: ['7'], ref_protected: ['true'] }],
    ['gitlab', { project_id: ['7'], ci_config_ref_uri: ['x'], ref: ['release-*'] }],
    ['kubernetes', { sub: ['system:serviceaccount:flux-system:source-controller'] }],
    ['kubernetes', { '/kubernetes.io/serviceaccount/uid': ['a-b-c'] }],
    ['other', { sub: ['job'] }],
  ])('in %s can have the claims %o', (kind, claims) => {
    expect(problem(kind, claims)).toBe('fine')
  })

  it.each<[string, IssuerKind, TrustContent['claims'], string]>([
    ['no claims', 'other', {}, 'needs a condition'],
    ['the issuer alone', 'other', { iss: ['https://x'] }, 'checked in any case'],
    ['the audience alone', 'other', { aud: ['x'] }, 'checked in any case'],
    ['no id', 'github', { repository: ['o/r'], environment: ['prod'] }, 'needs repository_id'],
    ['an id alone', 'github', { repository_id: ['74'] }, 'needs environment'],
    ['a ref alone', 'github', { repository_id: ['74'], ref: ['refs/heads/main'] }, 'needs environment'],
    ['a file alone', 'github', { repository_id: ['74'], workflow_ref: [FILE] }, 'needs environment'],
    ['a protected ref alone', 'github', { repository_id: ['74'], ref_protected: ['true'] }, 'environment'],
    ['no protected ref', 'gitlab', { project_id: ['7'], ref_protected: ['true', 'false'] }, 'environment'],
    ['a name as id', 'github', { repository_id: ['o/r'], environment: ['prod'] }, 'numbers'],
    ['a * in an id', 'github', { repository_id: ['7*'], environment: ['prod'] }, 'numbers'],
    ['the subject of GitHub', 'github', { sub: ['x'], repository_id: ['1'], environment: ['x'] }, 'forms'],
    ['a * in an environment', 'gitlab', { project_id: ['7'], environment: ['p*'] }, 'cannot have a *'],
    ['a * in a subject', 'kubernetes', { sub: ['system:serviceaccount:*'] }, 'cannot have a *'],
    ['a * in the middle', 'other', { ref: ['refs/*/main'] }, 'not at the end'],
    ['every ref', 'other', { ref: ['*'] }, 'cannot have a *'],
    ['every ref in full', 'other', { ref: ['refs/*'] }, 'cannot have a *'],
    ['refs by the first letter', 'other', { ref: ['r*'] }, 'cannot have a *'],
    ['every branch', 'other', { ref: ['refs/heads/*'] }, 'cannot have a *'],
    ['refs of pull requests', 'other', { ref: ['refs/pull/*'] }, 'cannot have a *'],
    ['files at every ref', 'other', { workflow_ref: ['o/r/x.yml@*'] }, 'cannot have a *'],
    ['every file', 'other', { job_workflow_ref: ['o/r/*'] }, 'cannot have a *'],
    ['no values', 'other', { sub: [] }, 'values'],
    ['an empty value', 'other', { sub: [''] }, 'values'],
    ['no name of a claim', 'other', { '': ['x'] }, 'characters'],
    ['a pointer with a wrong escape', 'other', { '/a/~b': ['x'] }, '~'],
    ['another spelling of a claim', 'github', { '/sub': ['x'] }, 'write sub'],
  ])('cannot have %s', (_, kind, claims, message) => {
    expect(problem(kind, claims)).toContain(message)
  })

  it('gives nothing with which its bearer could get more', () => {
    for (const permission of ['tokens', 'admin', 'server.admin'] as const) {
      expect(problem('other', { sub: ['x'] }, { permissions: [permission] })).toContain(permission)
    }
    expect(problem('other', { sub: ['x'] }, { permissions: ['review'] })).toBe('fine')
  })
})

describe('what a token says', () => {
  const refusal = (
    kind: IssuerKind,
    wanted: TrustContent['claims'],
    claims: Claims,
    permissions: Trust['permissions'] = ['read'],
  ) => {
    const trust = { ...content(wanted), id: '', principalId: '', issuerId: '', createdBy: '', createdAt: '' }
    const presented = { claims: { aud: 'us', ...claims }, audience: 'us', permissions: new Set(permissions) }
    return trustRefusal(trust, kind, presented)
  }

  it('must be allowed for each claim, letter for letter, but for environments and ends of refs', () => {
    const wanted = { ref: ['refs/tags/v*', 'refs/heads/main'], environment: ['Prod'] }
    const fits = (ref: string, environment: string) =>
      refusal('other', wanted, { ref, environment }) === undefined
    expect(fits('refs/heads/main', 'prod')).toBe(true)
    expect(fits('refs/tags/v1', 'PROD')).toBe(true)
    expect(fits('refs/heads/main2', 'prod')).toBe(false)
    expect(fits('refs/heads/Main', 'prod')).toBe(false)
    expect(fits('refs/tags/x', 'prod')).toBe(false)
    expect(fits('refs/heads/main', 'production')).toBe(false)
    // The sign for Kelvin, whose lower case is a k.
    expect(refusal('other', { environment: ['k8s'] }, { environment: '\u212a8s' })).toBeDefined()
    expect(refusal('other', { sub: ['A'] }, { sub: 'a' })).toBeDefined()
    expect(refusal('other', { sub: ['a'] }, {})).toBe('it has no claim sub')
  })

  it('is read in numbers and booleans too, and not in lists, objects and inherited properties', () => {
    expect(refusal('other', { project_id: ['7'] }, { project_id: 7 })).toBeUndefined()
    expect(refusal('other', { ref_protected: ['true'] }, { ref_protected: true })).toBeUndefined()
    for (const value of [['7'], { 7: 7 }, null, 7.5]) {
      expect(refusal('other', { project_id: ['7'] }, { project_id: value })).toBeDefined()
    }
    expect(claimText({}, 'constructor')).toBeUndefined()
    expect(claimText({}, '/constructor/name')).toBeUndefined()
    expect(claimText({ a: ['x'] }, '/a/0')).toBeUndefined()
  })

  it('is found inside other claims, whose names may have dots and slashes', () => {
    const claims = {
      'kubernetes.io': { serviceaccount: { uid: 'u' } },
      'https://x/y': { '~': 'tilde' },
      '/z': 'slash',
      kubernetes: { io: 'other' },
    }
    expect(claimText(claims, '/kubernetes.io/serviceaccount/uid')).toBe('u')
    expect(claimText(claims, '/https:~1~1x~1y/~0')).toBe('tilde')
    expect(claimText(claims, '/~1z')).toBe('slash')
    expect(pathProblem('/~1z')).toBeUndefined()
    expect(claimText(claims, 'kubernetes.io')).toBeUndefined()
    expect(claimText(claims, '/kubernetes.io/serviceaccount')).toBeUndefined()
  })

  it('must be of a protected ref in GitLab, unless the account can only draft', () => {
    const wanted = { project_id: ['7'], environment: ['prod'] }
    const claims = { project_id: '7', environment: 'prod' }
    const of = (ref_protected: unknown, permissions: Trust['permissions']) =>
      refusal('gitlab', wanted, { ...claims, ref_protected }, permissions)
    expect(of('true', ['read', 'publish'])).toBeUndefined()
    for (const other of ['false', undefined, 'True']) {
      expect(of(other, ['read', 'draft.read', 'draft', 'propose'])).toBeUndefined()
      for (const permission of ['publish', 'push', 'attach', 'delete', 'review', 'server.operate'] as const) {
        expect(of(other, ['read', permission])).toContain('not protected')
      }
    }
  })
})

describe('an issuer', () => {
  const made = (given: Partial<NewIssuer>) =>
    checkedIssuer({
      name: 'x',
      issuer: 'https://x.example',
      kind: undefined,
      jwksUri: undefined,
      jwks: undefined,
      caCertificate: undefined,
      internal: false,
      ...given,
    })

  it('is of the kind that its address tells', () => {
    for (const [issuer, kind] of [
      ['https://token.actions.githubusercontent.com', 'github'],
      ['https://token.actions.githubusercontent.com/octo', 'github'],
      ['https://token.actions.octo.ghe.com', 'github'],
      ['https://ghes.example/_services/token', 'github'],
      ['https://gitlab.com', 'gitlab'],
      ['https://kubernetes.default.svc.cluster.local', 'other'],
      ['https://gitlab.com.evil.example', 'other'],
    ] as const) {
      expect(made({ issuer }).kind, issuer).toBe(kind)
    }
    expect(made({ kind: 'kubernetes' }).kind).toBe('kubernetes')
    // The rules for public issuers cannot be avoided.
    expect(() => made({ issuer: 'https://gitlab.com', kind: 'other' })).toThrow('kind gitlab')
  })

  it.each<[string, Partial<NewIssuer>]>([
    ['http', { issuer: 'http://x.example' }],
    ['a user', { issuer: 'https://u@x.example' }],
    ['a query', { issuer: 'https://x.example?a' }],
    ['no URL', { issuer: 'x' }],
    ['keys over http', { jwksUri: 'http://x.example/jwks' }],
    ['keys in a file', { jwksUri: 'file:///etc/passwd' }],
    ['keys twice', { jwksUri: 'https://x.example/jwks', jwks: { keys: [{ kty: 'RSA' }] } }],
    ['no keys', { jwks: { keys: [] } }],
    ['a private key', { jwks: { keys: [{ kty: 'EC', d: 'secret' }] } }],
    ['a symmetric key', { jwks: { keys: [{ kty: 'oct', k: 'secret' }] } }],
    ['a key of an unknown kind', { jwks: { keys: [{ kty: 'AKP' }] } }],
    ['a certificate for no fetch', { jwks: { keys: [{ kty: 'EC' }] }, caCertificate: 'x' }],
    ['a wrong name', { name: 'A b' }],
  ])('cannot have %s', (_, given) => {
    expect(() => made(given)).toThrow()
  })
})
