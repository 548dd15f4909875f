import { z } from '@hono/zod-openapi'
import type { Binding } from '../../../domain/access/binding.ts'
import { ROLES } from '../../../domain/access/role.ts'
import { pattern } from './access.ts'
import { actor, freeText, listOf, timestamp } from './common.ts'

const subject = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.enum(['user', 'group', 'serviceaccount']),
      name: freeText
        .max(256)
        .openapi({ description: 'Name of the account or group.', example: 'corp:platform' }),
    }),
    z.strictObject({ kind: z.enum(['authenticated', 'anonymous']) }),
  ])
  .openapi('Subject', {
    description:
      'A user, a group or a service account, by name; `authenticated` for all accounts; `anonymous` for all callers.',
    example: { kind: 'group', name: 'corp:platform' },
  })

const role = z.enum(ROLES).openapi({
  description: 'Role. `auditor`, `operator` and `admin` are for the server, the others for repositories.',
  example: 'author',
})

const repositories = z
  .array(pattern)
  .max(50)
  .openapi({
    description: 'Patterns of repositories; empty for a role of the server.',
    example: ['team-*'],
  })

export const newBindingSchema = z
  .strictObject({ subject, role, repositories: repositories.default([]) })
  .openapi('NewBinding')

export const bindingSchema = z
  .strictObject({
    id: z
      .string()
      .openapi({ description: 'Id of the binding.', example: '019b7a3e-5c00-7c1e-8f5d-3a1c55f0e3a1' }),
    subject,
    role,
    repositories,
    createdBy: actor('Creator of the binding.'),
    createdAt: timestamp('Time of creation.'),
  })
  .openapi('Binding', { description: 'A role that a subject has.' })

export const bindingListSchema = listOf(bindingSchema, 'BindingList')

export function toBindingView({ principalId, ...binding }: Binding): z.output<typeof bindingSchema> {
  return { ...binding, repositories: [...binding.repositories] }
}
