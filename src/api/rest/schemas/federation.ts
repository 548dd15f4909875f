/** Issuers of tokens outside, and the trusts of service accounts in them. */
import { z } from '@hono/zod-openapi'
import { ISSUER_KINDS, type Issuer } from '../../../domain/federation/issuer.ts'
import { nothingHidden } from '../../../domain/schemas.ts'
import type { ListedTrust } from '../../../service/accounts/list-trusts.ts'
import { pattern, permission } from './access.ts'
import { serviceAccountName } from './account.ts'
import { actor, freeText, listOf, repositoryName, resourceVersion, timestamp } from './common.ts'

export const issuerName = repositoryName.openapi({
  description: 'Name of the issuer: a DNS-1123 label.',
  example: 'github',
})

const keys = z
  .strictObject({
    keys: z
      .array(z.record(z.string(), z.unknown()))
      .max(100)
      .openapi({ description: 'The keys, each as a JSON Web Key without private parts.' }),
  })
  .openapi('PublicKeys', {
    description: 'Public keys as a JSON Web Key Set (RFC 7517).',
    example: { keys: [{ kty: 'EC', crv: 'P-256', kid: '1', x: '…', y: '…' }] },
  })

const content = {
  issuer: z.string().max(500).openapi({
    description: 'The claim `iss` of its tokens, letter for letter. Several issuers may have the same.',
    example: 'https://token.actions.githubusercontent.com',
  }),
  kind: z.enum(ISSUER_KINDS).openapi({
    description:
      'What the issuer is, which decides about the conditions that a trust needs. Known for GitHub and gitlab.com; otherwise `other`.',
    example: 'github',
  }),
  jwksUri: z.string().max(500).openapi({
    description:
      'URL of its public keys; without one, its discovery document names it, on the server of the issuer.',
    example: 'https://token.actions.githubusercontent.com/.well-known/jwks',
  }),
  caCertificate: z.string().max(65_536).openapi({
    description: 'Certificates in PEM that its server is trusted by, in place of those of the system.',
    example: '-----BEGIN CERTIFICATE-----\n…',
  }),
  internal: z.boolean().openapi({
    description: 'If true, its server may have a private address.',
    example: false,
  }),
}

const given = {
  issuer: content.issuer,
  kind: content.kind.optional(),
  jwksUri: content.jwksUri.optional(),
  jwks: keys.optional(),
  caCertificate: content.caCertificate.optional(),
  internal: content.internal.default(false),
}

/** An issuer as it is replaced: its name is in the path. */
export const issuerContentSchema = z.strictObject(given).openapi('IssuerContent')

export const newIssuerSchema = z.strictObject({ name: issuerName, ...given }).openapi('NewIssuer')

export const issuerSchema = z
  .strictObject({
    name: issuerName,
    issuer: content.issuer,
    kind: content.kind,
    jwksUri: content.jwksUri.nullable(),
    jwks: keys.nullable(),
    caCertificate: content.caCertificate.nullable(),
    internal: content.internal,
    createdBy: actor('Creator of the issuer.'),
    createdAt: timestamp('Time of creation.'),
    updatedAt: timestamp('Time of the last change.'),
    resourceVersion,
  })
  .openapi('Issuer', { description: 'A service outside whose tokens are accepted where a trust says so.' })

export const issuerListSchema = listOf(issuerSchema, 'IssuerList')

export function toIssuerView({ id, ...issuer }: Issuer): z.output<typeof issuerSchema> {
  const { jwksUri = null, jwks, caCertificate = null } = issuer
  return { ...issuer, jwksUri, jwks: jwks ? { keys: [...jwks.keys] } : null, caCertificate }
}

const claims = nothingHidden('is no claim')
  .pipe(z.record(z.string(), z.array(freeText.max(500)).max(50)))
  .openapi({
    type: 'object',
    description:
      'Allowed values of claims, all of which must hold. A claim is named as it is, or by a JSON Pointer if it is inside others: `/kubernetes.io/serviceaccount/uid`. A value may end in `*` in `ref`, `workflow_ref`, `job_workflow_ref` and `ci_config_ref_uri`.',
    additionalProperties: { type: 'array', items: { type: 'string' } },
    example: { repository_id: ['74'], environment: ['prod'] },
  })

const trustContent = {
  issuer: issuerName,
  audiences: z
    .array(freeText.max(500))
    .max(50)
    .openapi({
      description: 'Audiences, of which the token has exactly one; empty for the public URL of this server.',
      example: ['https://packages.example.com'],
    }),
  claims,
  permissions: z.array(permission).max(20).openapi({
    description:
      'Permissions of the account that its tokens may use; by default all but `review`, `admin`, `server.admin` and `tokens`, of which it can only give `review`.',
  }),
  repositories: z
    .array(pattern)
    .max(50)
    .openapi({ description: 'Repositories that its tokens may be used for; by default all.' }),
}

const givenTrust = {
  issuer: trustContent.issuer,
  audiences: trustContent.audiences.default([]),
  claims: trustContent.claims,
  permissions: trustContent.permissions.optional(),
  repositories: trustContent.repositories.optional(),
}

export const newTrustSchema = z.strictObject(givenTrust).openapi('NewTrust')

/** As rules of access have it. */
export const trustRuleSchema = z
  .strictObject({ serviceAccount: serviceAccountName, ...givenTrust })
  .openapi('TrustRule')

/** Tells a trust from others of an account. */
export const changedTrustSchema = z
  .strictObject({ serviceAccount: serviceAccountName, issuer: issuerName, claims })
  .openapi('ChangedTrust')

export const trustId = z.string().max(100).openapi({
  description: 'Id of the trust.',
  example: '019b7a3e-5c00-7c1e-8f5d-3a1c55f0e3a1',
})

export const trustSchema = z
  .strictObject({
    id: trustId,
    ...trustContent,
    createdBy: actor('Creator of the trust.'),
    createdAt: timestamp('Time of creation.'),
  })
  .openapi('Trust', { description: 'Which tokens of an issuer are good for a service account.' })

export const trustListSchema = listOf(trustSchema, 'TrustList')

export function toTrustView({ trust, issuer }: ListedTrust): z.output<typeof trustSchema> {
  const { id, createdBy, createdAt } = trust
  return {
    id,
    issuer: issuer.name,
    audiences: [...trust.audiences],
    claims: Object.fromEntries(Object.entries(trust.claims).map(([path, values]) => [path, [...values]])),
    permissions: [...trust.permissions],
    repositories: [...trust.repositories],
    createdBy,
    createdAt,
  }
}
