import { AppError } from '../../core/errors.ts'
import { type Condition, withCondition } from '../../domain/conditions.ts'
import { approvedCondition } from '../../domain/decision.ts'
import { ociRepository } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { validCondition } from '../../domain/validation/validate.ts'
import type { Actor } from '../access/actor.ts'
import { recordProposal } from '../authors.ts'
import { saveRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { checkMerged } from '../drafts/conflicts.ts'
import { fileRules } from '../package-rules.ts'
import { packedFiles } from '../registry-content.ts'
import { checkDeclares, checkVersion } from '../version-rules.ts'
import { checkGates, type ReviewOptions, withReview } from './review.ts'

/** Draft to Proposed. Throws `not_ready`, with each fault, for a package that is not ready for publication. */
export async function propose(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  options: ReviewOptions = {},
): Promise<PackageRevision> {
  return withReview(ctx, actor, name, 'propose', options, async ({ current, decision }) => {
    const { revision } = current
    const valid = await checkValid(ctx, revision)
    await checkMerged(ctx.db, revision)
    checkGates(revision)
    checkDeclares(current.package, revision)
    await checkVersion(ctx.db, await ctx.visibilityOf(actor), current.package, revision)
    const { reason } = decision
    const change = { actor, content: false, type: 'revision.proposed', reason } as const
    const changes = {
      lifecycle: 'Proposed' as const,
      conditions: withCondition(
        valid ? withCondition(revision.conditions, valid) : revision.conditions,
        approvedCondition('Proposed', decision),
      ),
      updatedAt: decision.at,
      proposedBy: decision.by,
      proposedAt: decision.at,
      proposedReason: decision.reason,
    }
    return saveRevision(ctx, change, current, changes, {
      decide: (transaction) => recordProposal(transaction, actor, name),
      operations: [],
    })
  })
}

/**
 * The condition says whether the files are valid. Those that are not are validated again, to list all faults: by this
 * version of the server, which may have other rules. Resolves to a new condition if it finds none.
 */
async function checkValid(ctx: ServiceContext, revision: PackageRevision): Promise<Condition | undefined> {
  const rules = await fileRules(ctx, revision)
  if (rules.manifestOf !== undefined) checkHasVersion(revision)
  const valid = revision.conditions.find(({ type }) => type === 'Valid')
  if (valid?.status === 'True') return undefined
  const input = async () => ({ files: await packedFiles(ctx, revision), ...rules })
  const { findings } = await ctx.inspect(input, ociRepository(revision))
  const now = validCondition(findings)
  if (now.status === 'True') return now
  throw new AppError(
    'not_ready',
    `${revision.name} cannot be proposed: ${now.message}. Files that are no YAML, or not meant for Kubernetes, can be excluded with a file .krmignore, which has the syntax of .gitignore.`,
    { details: findings.errors },
  )
}

/** Throws `not_ready` for a revision without the version that Glasskube's clients would ask for. */
function checkHasVersion({ name, version }: PackageRevision): void {
  if (version !== null) return
  throw new AppError(
    'not_ready',
    `${name} declares no version, and in a Glasskube repository each revision needs one`,
    { remedy: { do: 'set_version', revision: name } },
  )
}
