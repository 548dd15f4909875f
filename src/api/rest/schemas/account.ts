/** Users and service accounts. */
import { z } from '@hono/zod-openapi'
import type { Principal } from '../../../domain/access/principal.ts'
import { pattern } from './access.ts'
import { actor, freeText, listOf, repositoryName, resourceVersion, timestamp } from './common.ts'

export const userName = z
  .string()
  .max(200)
  .openapi({ description: 'Name of the user, made from what the identity provider says.', example: 'ada' })

export const serviceAccountName = repositoryName.openapi({
  description: 'Name of the service account: a DNS-1123 label.',
  example: 'flux',
})

const displayName = freeText
  .max(200)
  .openapi({ description: 'Name for people.', example: 'Flux in the cluster prod' })

const scope = pattern.openapi({
  description: 'Pattern of the repositories whose administrators manage the account.',
})

const disabled = z.boolean().openapi({
  description: 'If true, the account can do nothing, and neither can its tokens.',
  example: false,
})

const record = {
  createdBy: actor('Creator of the account.'),
  createdAt: timestamp('Time of creation.'),
  updatedAt: timestamp('Time of the last change.'),
  resourceVersion,
}

export const userSchema = z
  .strictObject({ name: userName, displayName, disabled, ...record })
  .openapi('User', { description: 'A person, known since the first login.' })

export const userListSchema = listOf(userSchema, 'UserList')

export const userPatchSchema = z
  .strictObject({ disabled: disabled.optional() })
  .openapi('UserPatch', { description: 'A JSON merge patch (RFC 7396).' })

export const serviceAccountSchema = z
  .strictObject({ name: serviceAccountName, displayName, scope, disabled, ...record })
  .openapi('ServiceAccount', { description: 'An account for programs. It acts by its tokens.' })

export const serviceAccountListSchema = listOf(serviceAccountSchema, 'ServiceAccountList')

export const newServiceAccountSchema = z
  .strictObject({
    name: serviceAccountName,
    displayName: displayName.default(''),
    scope: scope.default('*'),
  })
  .openapi('NewServiceAccount')

/** As rules of access have it. */
export const serviceAccountRuleSchema = z
  .strictObject({
    name: serviceAccountName,
    displayName: displayName.default(''),
    scope: scope.default('*'),
    disabled: disabled.default(false),
  })
  .openapi('ServiceAccountRule')

export const serviceAccountPatchSchema = z
  .strictObject({
    displayName: displayName.optional(),
    scope: scope.optional(),
    disabled: disabled.optional(),
  })
  .openapi('ServiceAccountPatch', {
    description: 'A JSON merge patch (RFC 7396): omitted fields keep their values.',
  })

export function toUserView(user: Principal): z.output<typeof userSchema> {
  const { name, displayName: shown, disabled: off } = user
  return { name, displayName: shown, disabled: off, ...recordOf(user) }
}

export function toServiceAccountView(account: Principal): z.output<typeof serviceAccountSchema> {
  return { ...toUserView(account), scope: account.scope ?? '*' }
}

function recordOf({ createdBy, createdAt, updatedAt, resourceVersion: at }: Principal) {
  return { createdBy, createdAt, updatedAt, resourceVersion: at }
}
