import { z } from '@hono/zod-openapi'
import { TOKEN_LETTERS, type Token, type TokenKind } from '../../../domain/access/token.ts'
import type { IssuedToken } from '../../../service/accounts/issue-token.ts'
import { federatedIdentity, pattern, permission, toIdentityView } from './access.ts'
import { actor, freeText, listOf, timestamp } from './common.ts'

const KINDS = Object.keys(TOKEN_LETTERS) as [TokenKind, ...TokenKind[]]

const name = freeText.max(100).openapi({ description: 'What the token is for.', example: 'flux in prod' })

const expiresAt = timestamp('Time at which the token ends.').openapi({ example: '2027-06-30T00:00:00Z' })

const newExpiry = expiresAt.nullable().optional().openapi({
  description:
    'Time at which the token ends, at most a year ahead; by default in 90 days. Admins of the server may name a later one, or null for none.',
})

const content = {
  id: z.string().openapi({
    description: 'Id of the token, which is no secret.',
    example: '019b7a3e-5c00-7c1e-8f5d-3a1c55f0e3a1',
  }),
  kind: z.enum(KINDS).openapi({ description: 'Kind of the token.', example: 'personal' }),
  name,
  permissions: z.array(permission).openapi({ description: 'Permissions of its owner that it may use.' }),
  repositories: z.array(pattern).openapi({ description: 'Repositories that it may be used for.' }),
  createdBy: actor('Creator of the token.'),
  createdAt: timestamp('Time of creation.'),
  expiresAt: expiresAt.nullable(),
  lastUsedAt: timestamp('Time of a recent use, up to 10 minutes before the last.').nullable(),
  lastUsedAddress: z
    .string()
    .nullable()
    .openapi({ description: 'Address of the client at that time.', example: '192.0.2.7' }),
  revokedAt: timestamp('Time at which it was revoked.').nullable(),
  revokedBy: actor('The caller that revoked it.').nullable(),
  revokedReason: z.string().nullable().openapi({ description: 'Why.', example: 'was in a log' }),
  replacedBy: z.string().nullable().openapi({
    description: 'Id of the token that took its place.',
    example: '019b7a3e-5c00-7c1e-8f5d-3a1c55f0e3a1',
  }),
  federated: federatedIdentity,
}

export const tokenSchema = z
  .strictObject(content)
  .openapi('Token', { description: 'A token, without its text.' })

export const issuedTokenSchema = z
  .strictObject({
    ...content,
    token: z.string().openapi({
      description: 'The text of the token. It is not stored, and shown only in this response.',
      example: 'pkgsp_…',
    }),
  })
  .openapi('IssuedToken', { description: 'A new token with its text.' })

export const tokenListSchema = listOf(tokenSchema, 'TokenList')

export const newTokenSchema = z
  .strictObject({
    name,
    permissions: z.array(permission).max(20).optional().openapi({
      description:
        'Permissions of the owner that it may use; by default all but `review`, `admin`, `server.admin` and `tokens`.',
    }),
    repositories: z
      .array(pattern)
      .max(50)
      .optional()
      .openapi({ description: 'Repositories that it may be used for; by default all.' }),
    expiresAt: newExpiry,
  })
  .openapi('NewToken')

export const rotationSchema = z
  .strictObject({
    expiresAt: newExpiry.openapi({
      description: 'Time at which the new token ends; by default it lasts as long as the old one.',
    }),
  })
  .openapi('Rotation')

export const revocationReason = freeText.max(1000).openapi({
  description: 'Why the token is revoked, shown in lists.',
  example: 'was in a log',
})

export function toTokenView({
  principalId,
  parentId,
  trustId,
  identity,
  ...token
}: Token): z.output<typeof tokenSchema> {
  return {
    ...token,
    permissions: [...token.permissions],
    repositories: [...token.repositories],
    expiresAt: token.expiresAt ?? null,
    lastUsedAt: token.lastUsedAt ?? null,
    lastUsedAddress: token.lastUsedAddress ?? null,
    revokedAt: token.revokedAt ?? null,
    revokedBy: token.revokedBy ?? null,
    revokedReason: token.revokedReason ?? null,
    replacedBy: token.replacedBy ?? null,
    federated: toIdentityView(identity),
  }
}

export function toIssuedView({ token, text }: IssuedToken): z.output<typeof issuedTokenSchema> {
  return { ...toTokenView(token), token: text }
}
