import { expect, it } from 'vitest'
import { evaluate } from '../../../src/domain/review/evaluate.ts'
import { matchesPath, pathBudget } from '../../../src/domain/review/path-pattern.ts'
import { checkReviewRules, reviewRulesSchema } from '../../../src/domain/review/policy.ts'

it.each([
  ['/net/', ['net/a.yaml'], true],
  ['/net/', ['a.yaml', 'x/net/a.yaml'], false],
  ['*.yaml', ['deep/down/a.yaml'], true],
  ['Kptfile', ['Kptfile'], true],
  ['Kptfile', [], false],
])('the pattern %s and the paths %j: %s', (pattern, paths, expected) => {
  expect(matchesPath(pattern, paths, pathBudget())).toBe(expected)
})

const slow = `*${'a'.repeat(100)}b`
const manyPaths = Array.from({ length: 10_000 }, (_, at) => `${'a'.repeat(240)}${at}`)

it('the patterns of all policies together take no longer than one may, and match then', () => {
  const policy = (name: string, ...patterns: string[]) => ({
    ...reviewRulesSchema.parse({
      name,
      repositories: ['*'],
      approvals: 1,
      paths: patterns.map((pattern) => ({ pattern })),
    }),
    createdBy: '',
    createdAt: '',
    updatedAt: '',
    resourceVersion: '1',
  })
  const proposal = { number: 1, digest: '', authors: new Set<string>(), unknownAuthors: [], paths: manyPaths }
  const patternsOf = (...policies: ReturnType<typeof policy>[]) =>
    evaluate(policies, proposal, []).rules.flatMap(({ pattern }) => pattern ?? [])
  expect(patternsOf(policy('one', '/net/'), policy('two', '/lab/'))).toEqual([])
  expect(patternsOf(policy('one', slow), policy('two', '/net/'))).toEqual([slow, '/net/'])
})

it.each(['./net/', '../net', '//net', 'net//a.yaml', 'net/./a.yaml', '/'])(
  'a policy cannot have the pattern %s, which no path matches',
  (pattern) => {
    const rules = { name: 'x', repositories: ['*'], approvals: 1, paths: [{ pattern }] }
    expect(() => checkReviewRules(reviewRulesSchema.parse(rules))).toThrow('cannot be a pattern of paths')
  },
)

it('a pattern that takes too long to match is taken to match', () => {
  expect(matchesPath(slow, manyPaths, pathBudget())).toBe(true)
})
