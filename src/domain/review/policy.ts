/** Review policies: whose approvals a revision needs before it is published, or its deletion approved. */
import { z } from 'zod'
import { parseDuration } from '../../core/duration.ts'
import { AppError } from '../../core/errors.ts'
import { covers, overlapOf, parsePattern, patternOf } from '../access/pattern.ts'
import { ROLES } from '../access/role.ts'
import { labelProblem, type PackageId } from '../names.ts'

const MAX_COUNT = 20
const MAX_RULES = 20
const MAX_PATTERNS = 50
const MAX_GROUP_NAME = 256
const MAX_PATH_PATTERN = 300

const count = z.int().min(1).max(MAX_COUNT)
const group = z.string().min(1).max(MAX_GROUP_NAME)

/** What a policy says, as the index and files have it. */
export const reviewRulesSchema = z.strictObject({
  name: z.string(),
  repositories: z.array(z.string()).min(1).max(MAX_PATTERNS),
  approvals: count,
  /** So many of the approvals, each from another person, must be of members of a group. */
  groups: z
    .array(z.strictObject({ group, count: count.default(1) }))
    .max(MAX_RULES)
    .default([]),
  /** The same where a file that matches has changed, for any group if none is named. */
  paths: z
    .array(
      z.strictObject({
        pattern: z.string().min(1).max(MAX_PATH_PATTERN),
        group: group.optional(),
        count: count.default(1),
      }),
    )
    .max(MAX_RULES)
    .default([]),
  /** Votes of authors do not count. */
  excludeAuthors: z.boolean().default(true),
  /** Only votes that users give in person count: not those of service accounts, nor those given with a token. */
  humansOnly: z.boolean().default(true),
  /** One rejection sends a proposal back. Otherwise it takes as many as approvals. */
  rejectionBlocks: z.boolean().default(true),
  /** Older votes do not count. */
  maxAge: z.string().optional(),
  /** Callers that have all that a role gives may do without the approvals. */
  bypass: z.strictObject({ role: z.enum(ROLES) }).optional(),
  /** Only admins of the server change or delete it. */
  floor: z.boolean().default(false),
})

export type ReviewRules = z.output<typeof reviewRulesSchema>

export type ReviewPolicy = ReviewRules & {
  createdBy: string
  createdAt: string
  updatedAt: string
  resourceVersion: string
}

/** Throws `invalid` for a policy that cannot be. */
export function checkReviewRules({ name, repositories, paths, maxAge }: ReviewRules): void {
  const problem = labelProblem(name)
  if (problem) throw new AppError('invalid', `the name of a review policy ${problem}`)
  repositories.forEach(parsePattern)
  if (maxAge !== undefined && !parseDuration(maxAge)) {
    throw new AppError(
      'invalid',
      `the age of votes must be a duration like 12h or 14d, not "${maxAge.slice(0, 100)}"`,
    )
  }
  const useless = paths.find(({ pattern }) =>
    /^[!#]|^\s|\s$|[\r\n]|\\$|^\/$|\/\/|(?:^|\/)\.\.?(?:\/|$)/.test(pattern),
  )
  if (useless) {
    throw new AppError(
      'invalid',
      `"${useless.pattern}" cannot be a pattern of paths: name what needs approvals, one pattern for each rule, without !, #, ./ and //`,
    )
  }
}

/** The policies that hold for a package. */
export function policiesOf(policies: readonly ReviewPolicy[], id: PackageId): ReviewPolicy[] {
  const target = patternOf(id)
  return policies.filter(({ repositories }) =>
    repositories.some((text) => covers(parsePattern(text), target)),
  )
}

/** The policies of server admins that hold for a package of a repository. */
export function floorsIn(policies: readonly ReviewPolicy[], repository: string): ReviewPolicy[] {
  const target = patternOf({ repository })
  return policies.filter(
    ({ floor, repositories }) =>
      floor && repositories.some((text) => overlapOf(parsePattern(text), target) !== undefined),
  )
}
