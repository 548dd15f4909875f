import { z } from '@hono/zod-openapi'
import type { UpstreamReference } from '../../../service/drafts/upstream-reference.ts'
import { packagePath, repositoryName, version } from './common.ts'

const LATEST = 'latest'

const inPackage = z
  .strictObject({
    repository: repositoryName,
    package: packagePath,
    revision: z
      .union([z.int().min(1), z.literal(LATEST)])
      .optional()
      .openapi({ description: 'Number of a revision, or `latest`.', example: 1 }),
    version: z
      .union([version, z.literal(LATEST)])
      .optional()
      .openapi({
        description:
          'Version that a revision declares, or `latest`. A version without a build number selects its highest build.',
        example: '1.17.0',
      }),
  })
  .refine(({ revision, version: declared }) => revision === undefined || declared === undefined, {
    message: 'must have revision or version, not both',
  })

/** How a request refers to a published revision to clone or to upgrade to. */
export const upstreamReferenceSchema = z.union([z.string(), inPackage]).openapi('UpstreamReference', {
  description:
    'A published revision: its name, or its package with a revision or a version. Defaults to the latest revision of the package.',
  example: { repository: 'blueprints', package: 'nf/upf', revision: LATEST },
})

export function toUpstreamReference(reference: z.output<typeof upstreamReferenceSchema>): UpstreamReference {
  if (typeof reference === 'string') return reference
  const { repository, package: path, revision = LATEST, version: declared = LATEST } = reference
  if (declared !== LATEST) return { repository, package: path, version: declared }
  return { repository, package: path, revision }
}
