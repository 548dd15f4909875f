import { z } from '@hono/zod-openapi'
import { MERGE_STRATEGIES } from '../../../domain/merge/strategy.ts'
import type { UpgradeRequest } from '../../../service/drafts/upgrade.ts'
import { packagePath, repositoryName, version } from './common.ts'
import { conflictSchema } from './conflict.ts'
import { fileDiffSchema } from './diff.ts'
import { toUpstreamReference, upstreamReferenceSchema } from './upstream-reference.ts'

/** What an upgrade is to do, but for the revision that it starts from. */
export const upgradeOptions = {
  /** The latest of the upstream, where that is not said. */
  to: upstreamReferenceSchema.optional(),
  strategy: z.enum(MERGE_STRATEGIES).optional().openapi({
    description:
      '`resource-merge`, the default: field by field, and what both sides have changed is a conflict. `fast-forward`: only where no file was changed locally (409 otherwise). `force-delete-replace`: the files of the upstream, whatever was changed locally. `copy-merge`: the files of the upstream over the local ones; files that are only local stay. With all of them the Kptfile is merged.',
    example: 'resource-merge',
  }),
  conflicts: z.enum(['local', 'upstream']).optional().openapi({
    description:
      'Whose value stands in the draft for a conflict until somebody decides; `local` is the default.',
    example: 'local',
  }),
}

export const upgradePreviewRequestSchema = z.strictObject(upgradeOptions).openapi('UpgradePreviewRequest')

export const upgradePreviewSchema = z
  .strictObject({
    from: z.string().openapi({
      description: 'Name of the revision that would be upgraded.',
      example: 'edge.upf-1.ws1',
    }),
    upstream: z
      .strictObject({
        name: z.string().openapi({
          description: 'Name of the revision that would be taken in.',
          example: 'blueprints.nf.upf.ws2',
        }),
        repository: repositoryName,
        package: packagePath,
        revision: z.int().openapi({ description: 'Its number.', example: 2 }),
        version: version.nullable(),
        digest: z.string().openapi({
          description: 'Digest of its artifact.',
          example: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        }),
      })
      .openapi({ description: 'The revision of the upstream that would be taken in.' }),
    conflicts: z.array(conflictSchema).openapi({ description: 'The conflicts that the draft would have.' }),
    files: z.array(fileDiffSchema).openapi({ description: 'What the upgrade would change in the files.' }),
  })
  .openapi('UpgradePreview')

export function toUpgradeRequest(
  { to, ...options }: z.output<typeof upgradePreviewRequestSchema>,
  from?: string,
): UpgradeRequest {
  return { ...options, from, to: to === undefined ? undefined : toUpstreamReference(to) }
}
