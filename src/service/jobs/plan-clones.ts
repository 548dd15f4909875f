import { AppError, type FieldDetail } from '../../core/errors.ts'
import type { ItemInput, NewJob, NewJobItem } from '../../domain/job.ts'
import type { Labels } from '../../domain/labels.ts'
import { ociRepository, revisionIdProblem } from '../../domain/names.ts'
import type { Caller } from '../access/policy.ts'
import { visibleTo } from '../access/visible.ts'
import type { ServiceContext } from '../context.ts'
import { resolveUpstream, type UpstreamReference } from '../drafts/upstream-reference.ts'
import { checkMetadata } from '../metadata.ts'
import { jobUpstream } from './job-upstream.ts'

export type CloneTarget = ItemInput & {
  repository?: string | undefined
  package: string
  workspace?: string | undefined
}

export type ClonesRequest = {
  upstream: UpstreamReference
  targets: readonly CloneTarget[]
  defaults?: {
    repository?: string | undefined
    workspace?: string | undefined
    labels?: Labels | undefined
    annotations?: Labels | undefined
    setters?: Labels | undefined
  }
  dryRun?: boolean | undefined
}

/** The maximum size of the values of all items of a job, which are stored for weeks. */
const MAX_INPUT_BYTES = 16 * 1024 * 1024

/** Always free, because a clone is the first draft of its package. */
const WORKSPACE = 'main'

/**
 * Plans a job that clones one revision to many packages, and checks all that is known in advance. Throws `invalid` with
 * the wrong targets as details, `too_large`, and `not_found` and `wrong_lifecycle` for the upstream.
 */
export async function planClones(
  ctx: ServiceContext,
  caller: Caller,
  request: ClonesRequest,
): Promise<NewJob> {
  const { targets, defaults = {}, dryRun = false } = request
  checkSize(targets, defaults)
  const items = targets.map((target): NewJobItem => {
    const { repository = defaults.repository, package: path, workspace, version, ...given } = target
    return {
      repository: repository ?? '',
      package: path,
      workspace: workspace ?? defaults.workspace ?? WORKSPACE,
      input: {
        version,
        labels: { ...defaults.labels, ...given.labels },
        annotations: { ...defaults.annotations, ...given.annotations },
        setters: { ...defaults.setters, ...given.setters },
      },
    }
  })
  check(items)
  const upstream = jobUpstream(await resolveUpstream(ctx.db, visibleTo(caller), request.upstream))
  return { kind: 'clone', dryRun, upstream, request: { upstream: request.upstream, defaults, dryRun }, items }
}

/** Throws `too_large`, before each target gets a copy of the defaults. */
function checkSize(targets: readonly CloneTarget[], defaults: ItemInput): void {
  const own = targets.reduce((sum, target) => sum + inputBytes(target), 0)
  const bytes = own + targets.length * inputBytes(defaults)
  if (bytes <= MAX_INPUT_BYTES) return
  throw new AppError(
    'too_large',
    `labels, annotations and setters, with the defaults for each target, have ${bytes} bytes together; at most ${MAX_INPUT_BYTES} are allowed in a job: split it into several jobs`,
  )
}

function inputBytes({ labels, annotations, setters }: ItemInput): number {
  return Buffer.byteLength(JSON.stringify({ labels, annotations, setters }))
}

function check(items: readonly NewJobItem[]): void {
  const seen = new Map<string, number>()
  const details = items.flatMap((item, index): FieldDetail[] => {
    const first = seen.get(ociRepository(item))
    if (first === undefined) seen.set(ociRepository(item), index)
    const problem =
      (item.repository === '' && 'the repository is missing, here and in defaults') ||
      (first !== undefined && `the package is the same as in targets.${first}: clone it once`) ||
      revisionIdProblem(item) ||
      metadataProblem(item.input)
    return problem ? [{ field: `targets.${index}`, message: problem }] : []
  })
  if (details.length === 0) return
  const shown = details.slice(0, 5).map(({ field, message }) => `${field}: ${message}`)
  throw new AppError('invalid', shown.join('; '), { details })
}

function metadataProblem(input: ItemInput): string | undefined {
  try {
    checkMetadata(input)
    return undefined
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return error.message
  }
}
