/** All rules of access of a server, as a file has them. Tokens and users are not in it. */
import { z } from 'zod'
import { ISSUER_KINDS } from '../federation/issuer.ts'
import { reviewRulesSchema } from '../review/policy.ts'
import type { BindingContent } from './binding.ts'
import { PERMISSIONS } from './permission.ts'
import { ROLES } from './role.ts'

const subjectSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['user', 'group', 'serviceaccount']), name: z.string() }),
  z.strictObject({ kind: z.enum(['authenticated', 'anonymous']) }),
])

const issuerSchema = z.strictObject({
  name: z.string(),
  issuer: z.string(),
  kind: z.enum(ISSUER_KINDS).optional(),
  jwksUri: z.string().optional(),
  jwks: z.strictObject({ keys: z.array(z.record(z.string(), z.unknown())) }).optional(),
  caCertificate: z.string().optional(),
  internal: z.boolean().default(false),
})

const trustSchema = z.strictObject({
  serviceAccount: z.string(),
  issuer: z.string(),
  audiences: z.array(z.string()).default([]),
  claims: z.record(z.string(), z.array(z.string())),
  permissions: z.array(z.enum(PERMISSIONS)).optional(),
  repositories: z.array(z.string()).optional(),
})

function listOf<Rule extends z.ZodType>(rule: Rule) {
  return z.array(rule, 'must be a list: write [] where there are none')
}

/** All parts must be there, as what a file does not have is deleted. */
export const accessRulesSchema = z.strictObject({
  serviceAccounts: listOf(
    z.strictObject({
      name: z.string(),
      displayName: z.string().default(''),
      scope: z.string().default('*'),
      disabled: z.boolean().default(false),
    }),
  ),
  bindings: listOf(
    z.strictObject({
      subject: subjectSchema,
      role: z.enum(ROLES),
      repositories: z.array(z.string()).default([]),
    }),
  ),
  issuers: listOf(issuerSchema),
  trusts: listOf(trustSchema),
  reviewPolicies: listOf(reviewRulesSchema),
})

export type AccessRules = z.infer<typeof accessRulesSchema>
export type ServiceAccountRule = AccessRules['serviceAccounts'][number]
export type IssuerRule = AccessRules['issuers'][number]
export type TrustRule = AccessRules['trusts'][number]

/** What replacing the rules did, or would do. */
export type AccessChange = { change: 'created' | 'updated' | 'deleted' } & (
  | { serviceAccount: string }
  | { binding: BindingContent }
  | { issuer: string }
  | { trust: { serviceAccount: string; issuer: string; claims: TrustRule['claims'] } }
  | { reviewPolicy: string }
)
