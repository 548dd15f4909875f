import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { accessRulesSchema } from '../../../src/domain/access/access-rules.ts'

it('a file of access rules loses no condition of a trust', () => {
  const file = (claims: string) => `
serviceAccounts: []
bindings: []
issuers: []
trusts: [{ serviceAccount: ci, issuer: k8s, claims: { sub: [job], ${claims}: [x] } }]
reviewPolicies: []
`
  const parsed = (claims: string) => accessRulesSchema.safeParse(parse(file(claims)))
  expect(parsed('constructor').data?.trusts[0]?.claims).toEqual({ sub: ['job'], constructor: ['x'] })
  expect(parsed('__proto__').error?.issues).toMatchObject([{ message: 'is no claim' }])
})
