/** The rights of callers. */
import { z } from '@hono/zod-openapi'
import type { Grant } from '../../../domain/access/grant.ts'
import { PERMISSIONS } from '../../../domain/access/permission.ts'
import type { FederatedIdentity } from '../../../domain/access/token.ts'
import { type Actor, isPrincipal } from '../../../service/access/actor.ts'
import { type Caller, rightsOf, targetText } from '../../../service/access/policy.ts'
import { timestamp } from './common.ts'

export const permission = z.enum(PERMISSIONS).openapi({
  description:
    'Permission. Those that begin with `server.` are for the server, the others for repositories; `tokens` is to make tokens for the own account.',
  example: 'read',
})

export const pattern = z.string().max(1300).openapi({
  description:
    'Pattern of repositories: `*`, the name of a repository, or the beginning of names and `*`; with `/nf/upf/**`, only that package and those below it.',
  example: 'team-*',
})

const via = z.string().openapi({
  description:
    'What gives it: the id of a binding; `account` for what all accounts may; `settings` for an admin group; or `open` while the server lets all callers do everything.',
  example: '019b7a3e-5c00-7c1e-8f5d-3a1c55f0e3a1',
})

const rightSchema = z
  .strictObject({
    permissions: z.array(permission).openapi({ description: 'The permissions.' }),
    repositories: pattern.nullable().openapi({ description: 'Where they hold; null for the server.' }),
    via,
  })
  .openapi('Right', { description: 'Permissions in a place.' })

export const federatedIdentity = z
  .strictObject({
    issuer: z.string().openapi({ description: 'Name of the issuer.', example: 'github' }),
    subject: z.string().openapi({
      description: 'Its name for the caller, the claim `sub`.',
      example: 'repo:octo-org@65/octo-repo@74:environment:prod',
    }),
    jti: z
      .string()
      .nullable()
      .openapi({ description: 'Its id for the token, the claim `jti`.', example: '5a2f…' }),
  })
  .nullable()
  .openapi({ description: 'The token of an issuer outside for which it was given; or null.' })

export const whoamiSchema = z
  .strictObject({
    kind: z.enum(['user', 'serviceaccount', 'root', 'anonymous', 'system']).openapi({
      description:
        'Kind of the caller: `root` with a token of the settings or the data folder, `anonymous` without credentials.',
      example: 'user',
    }),
    name: z.string().openapi({ description: 'Name of the caller, as records show it.', example: 'ada' }),
    groups: z
      .array(z.string())
      .openapi({ description: 'Groups, as the identity provider named them at the last login.' }),
    token: z
      .strictObject({
        id: z
          .string()
          .openapi({ description: 'Id of the token.', example: '019b7a3e-5c00-7c1e-8f5d-3a1c55f0e3a1' }),
        permissions: z.array(permission).openapi({ description: 'Permissions that it may use.' }),
        repositories: z.array(pattern).openapi({ description: 'Repositories that it may be used for.' }),
        expiresAt: timestamp('End of the token; null for none.').nullable(),
        federated: federatedIdentity,
      })
      .nullable()
      .openapi({ description: 'The token of the request, which limits the rights of its owner; or null.' }),
    rights: z.array(rightSchema).openapi({ description: 'All that the caller may do.' }),
    open: z
      .boolean()
      .openapi({ description: 'Whether the server lets all callers do everything.', example: false }),
  })
  .openapi('Caller', { description: 'The caller, and its rights.' })

export const accessAnswerSchema = z
  .strictObject({
    allowed: z.boolean().openapi({ description: 'Whether the caller may do it.', example: true }),
    via: via.optional(),
    missing: permission.optional().openapi({ description: 'The permission that the caller lacks.' }),
  })
  .openapi('AccessAnswer')

export function toWhoamiView({ policy, actor }: Caller): z.output<typeof whoamiSchema> {
  const { kind = 'anonymous', name } = actor
  return {
    kind,
    name,
    groups: isPrincipal(actor) ? [...actor.groups] : [],
    token: toTokenLimits(actor),
    rights: rightsOf(policy, actor).grants.map(toRightView),
    open: policy.open,
  }
}

function toTokenLimits(actor: Actor): z.output<typeof whoamiSchema>['token'] {
  if (!isPrincipal(actor) || !actor.token) return null
  const { id, permissions, repositories, expiresAt = null, identity } = actor.token
  return {
    id,
    permissions: [...permissions],
    repositories: repositories.map(targetText),
    expiresAt,
    federated: toIdentityView(identity),
  }
}

export function toIdentityView(identity: FederatedIdentity | undefined): z.output<typeof federatedIdentity> {
  return identity ? { ...identity, jti: identity.jti ?? null } : null
}

function toRightView({ permissions, area, via: source }: Grant): z.output<typeof rightSchema> {
  return {
    permissions: [...permissions],
    repositories: area === 'server' ? null : targetText(area),
    via: source,
  }
}
