/** All bindings, service accounts and review policies of a server, as a file has them. Tokens and users are not in it. */
import { z } from 'zod'
import { reviewRulesSchema } from '../review/policy.ts'
import type { BindingContent } from './binding.ts'
import { ROLES } from './role.ts'

const subjectSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['user', 'group', 'serviceaccount']), name: z.string() }),
  z.strictObject({ kind: z.enum(['authenticated', 'anonymous']) }),
])

export const accessRulesSchema = z.strictObject({
  serviceAccounts: z.array(
    z.strictObject({
      name: z.string(),
      displayName: z.string().default(''),
      scope: z.string().default('*'),
      disabled: z.boolean().default(false),
    }),
  ),
  bindings: z.array(
    z.strictObject({
      subject: subjectSchema,
      role: z.enum(ROLES),
      repositories: z.array(z.string()).default([]),
    }),
  ),
  /** Files of earlier versions have none; the policies then stay as they are. */
  reviewPolicies: z.array(reviewRulesSchema).optional(),
})

export type AccessRules = z.infer<typeof accessRulesSchema>
export type ServiceAccountRule = AccessRules['serviceAccounts'][number]

/** What replacing the rules did, or would do. */
export type AccessChange = { change: 'created' | 'updated' | 'deleted' } & (
  | { serviceAccount: string }
  | { binding: BindingContent }
  | { reviewPolicy: string }
)
