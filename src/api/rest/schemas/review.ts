/** Review policies, and what votes amount to. */
import { z } from '@hono/zod-openapi'
import { ROLES } from '../../../domain/access/role.ts'
import { type ReviewState, RULES, VERDICTS, VOID_REASONS } from '../../../domain/review/evaluate.ts'
import type { ReviewPolicy } from '../../../domain/review/policy.ts'
import { reviewRulesOf } from '../../../service/accounts/review-policies.ts'
import type { Review } from '../../../service/review/show-review.ts'
import { pattern } from './access.ts'
import { actor, count, freeText, listOf, repositoryName, resourceVersion, timestamp } from './common.ts'
import { packageRevisionSchema } from './package-revision.ts'

export const reviewPolicyName = repositoryName.openapi({
  description: 'Name of the review policy: a DNS-1123 label.',
  example: 'two-reviewers',
})

const approvals = z
  .int()
  .min(1)
  .max(20)
  .openapi({ description: 'Number of approvals, each by another person.', example: 2 })
const needed = approvals.default(1).openapi({ description: 'Number of approvals of that kind.', example: 1 })
const group = freeText
  .min(1)
  .max(256)
  .openapi({ description: 'Group that the approving users are in.', example: 'corp:security' })

const rules = {
  repositories: z
    .array(pattern)
    .min(1)
    .max(50)
    .openapi({ description: 'Patterns of the repositories that it holds for.', example: ['prod-*'] }),
  approvals,
  groups: z
    .array(z.strictObject({ group, count: needed }))
    .max(20)
    .default([])
    .openapi({ description: 'Groups whose members must be among those who approve.' }),
  paths: z
    .array(
      z.strictObject({
        pattern: freeText.min(1).max(300).openapi({
          description: 'Pattern with the syntax of gitignore.',
          example: '/network/',
        }),
        group: group.optional(),
        count: needed,
      }),
    )
    .max(20)
    .default([])
    .openapi({
      description:
        'Approvals that are needed where a file that matches differs from the last published revision, and for each deletion.',
    }),
  excludeAuthors: z.boolean().default(true).openapi({
    description:
      'Whether approvals of authors do not count: those who created, changed or proposed the draft, by themselves, with tokens, by jobs or by service accounts.',
    example: true,
  }),
  humansOnly: z.boolean().default(true).openapi({
    description: 'Whether only approvals that users give in person count, not those given with a token.',
    example: true,
  }),
  rejectionBlocks: z.boolean().default(true).openapi({
    description:
      'Whether one rejection sends a proposal back. Otherwise it takes as many rejections as approvals.',
    example: true,
  }),
  maxAge: z
    .string()
    .regex(/^[0-9]{1,6}[smhd]$/, 'must be a duration like 12h or 14d')
    .optional()
    .openapi({ description: 'Age from which approvals do not count any more.', example: '14d' }),
  bypass: z
    .strictObject({
      role: z.enum(ROLES).openapi({ description: 'Role that allows it.', example: 'admin' }),
    })
    .optional()
    .openapi({
      description:
        'Who may do without the approvals, with a reason: callers that have all that a role gives. Absent: no caller.',
    }),
}

const floor = z.boolean().openapi({
  description:
    'Whether only admins of the server change and delete it. By default it is one if an admin of the server creates it.',
  example: true,
})

export const reviewRulesBody = z
  .strictObject({ ...rules, floor: floor.optional() })
  .openapi('ReviewPolicyContent')

export const newReviewPolicySchema = z
  .strictObject({ name: reviewPolicyName, ...rules, floor: floor.optional() })
  .openapi('NewReviewPolicy')

/** As a file of access rules has it. */
export const reviewPolicyRuleSchema = z
  .strictObject({ name: reviewPolicyName, ...rules, floor: floor.default(false) })
  .openapi('ReviewPolicyRule')

export const reviewPolicySchema = z
  .strictObject({
    name: reviewPolicyName,
    ...rules,
    floor,
    createdBy: actor('Creator of the policy.'),
    createdAt: timestamp('Time of creation.'),
    updatedAt: timestamp('Time of the last change.'),
    resourceVersion,
  })
  .openapi('ReviewPolicy', {
    description:
      'Approvals that revisions need before they are published, and deletions before they happen. All policies that hold for a package hold together.',
  })

export const reviewPolicyListSchema = listOf(reviewPolicySchema, 'ReviewPolicyList')

const ruleSchema = z
  .strictObject({
    policy: z.string().nullable().openapi({
      description: 'Name of the policy; null without one, where one approval is enough.',
      example: 'two-reviewers',
    }),
    rule: z.enum(RULES).openapi({
      description:
        'Kind of the rule: `approvals`, those of a `group`, those for a `path`, or that all `authors` are known.',
      example: 'approvals',
    }),
    group: z.string().nullable().openapi({ description: 'Group of the rule.', example: 'corp:security' }),
    pattern: z.string().nullable().openapi({ description: 'Pattern of the rule.', example: '/network/' }),
    count: count('Number of approvals that it needs.', 2),
    by: z.array(actor('Who has approved.')).openapi({ description: 'By whom it is met.' }),
    missing: count('Number of approvals that are missing.', 1),
  })
  .openapi('ReviewRule')

function digestOf(description: string) {
  return z.string().openapi({
    description,
    example: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  })
}

const voteSchema = z
  .strictObject({
    by: actor('Voter.'),
    verdict: z.enum(VERDICTS).openapi({ description: 'What the vote says.', example: 'approve' }),
    at: timestamp('Time of the vote.'),
    reason: z.string().nullable().openapi({ description: 'Reason of the vote.', example: 'tested in lab' }),
    digest: digestOf('Digest of the artifact that was reviewed.'),
    proposal: count('Number of the proposal.', 1),
    groups: z.array(z.string()).openapi({ description: 'Groups that counted when the vote was given.' }),
    void: z
      .array(
        z.strictObject({
          policy: z.string().openapi({ description: 'Name of the policy.', example: 'two-reviewers' }),
          reason: z.enum(VOID_REASONS).openapi({ description: 'Why.', example: 'author' }),
        }),
      )
      .openapi({ description: 'The policies for which the vote does not count.' }),
  })
  .openapi('Vote')

export const reviewStateSchema = z
  .strictObject({
    required: z.array(ruleSchema).openapi({ description: 'All rules of the policies that hold.' }),
    given: z.array(voteSchema).openapi({
      description:
        'All votes on the current proposal, and up to 100 on earlier ones, the latest first, also void ones.',
    }),
    missing: z.array(ruleSchema).openapi({ description: 'The rules that are not met.' }),
  })
  .openapi('ReviewState')

export const reviewedSchema = z
  .strictObject({ ...packageRevisionSchema.shape, review: reviewStateSchema.optional() })
  .openapi('ReviewedPackageRevision', {
    description: 'The revision; where a review policy holds, with what the votes amount to.',
  })

export const reviewAnswerSchema = z
  .strictObject({
    ...reviewStateSchema.shape,
    name: z.string().openapi({ description: 'Name of the revision.', example: 'blueprints.nf.upf.ws1' }),
    digest: digestOf('Digest to approve.'),
    mayVote: z
      .boolean()
      .openapi({ description: 'Whether a vote of the caller would count.', example: false }),
    problem: z
      .enum([...VOID_REASONS, 'not_proposed', 'no_account'])
      .optional()
      .openapi({ description: 'Why a vote of the caller would not count.', example: 'author' }),
  })
  .openapi('ReviewAnswer')

export function toReviewStateView({ rules: all, votes }: ReviewState): z.output<typeof reviewStateSchema> {
  return {
    required: all,
    given: votes.map(({ by, verdict, at, reason, digest, proposal, groups, void: ignored }) => {
      return { by, verdict, at, reason, digest, proposal, groups: [...groups], void: ignored }
    }),
    missing: all.filter(({ missing }) => missing > 0),
  }
}

export function toReviewView(review: Review): z.output<typeof reviewAnswerSchema> {
  const { revision, problem } = review
  return {
    name: revision.name,
    digest: revision.artifact.digest,
    ...toReviewStateView(review),
    mayVote: problem === undefined,
    ...(problem !== undefined && { problem }),
  }
}

export function toReviewPolicyView(policy: ReviewPolicy): z.output<typeof reviewPolicySchema> {
  const { createdBy, createdAt, updatedAt, resourceVersion: current } = policy
  return { ...reviewRulesOf(policy), createdBy, createdAt, updatedAt, resourceVersion: current }
}
