import { z } from '@hono/zod-openapi'
import { LIFECYCLES } from '../../../domain/lifecycle.ts'
import { listOf, packagePath, repositoryName, version, workspaceName } from './common.ts'

const containingRevisionSchema = z
  .strictObject({
    name: z.string().openapi({ description: 'Name of the revision.', example: 'blueprints.nf.upf.ws1' }),
    repository: repositoryName,
    package: packagePath,
    workspace: workspaceName,
    revision: z.int().openapi({ description: 'Number of the revision; 0 for a draft.', example: 1 }),
    version: version.nullable(),
    lifecycle: z.enum(LIFECYCLES).openapi({ description: 'State in the lifecycle.', example: 'Published' }),
    latest: z
      .boolean()
      .openapi({ description: 'True for the latest revision of its package.', example: true }),
  })
  .openapi('ContainingRevision', { description: 'Summary of a package revision.' })

const foundObjectSchema = z
  .strictObject({
    apiVersion: z
      .string()
      .openapi({ description: 'apiVersion of the object; empty if it has none.', example: 'apps/v1' }),
    kind: z
      .string()
      .openapi({ description: 'Kind of the object; empty if it has none.', example: 'Deployment' }),
    namespace: z
      .string()
      .openapi({ description: 'Namespace of the object; empty if it has none.', example: 'core' }),
    name: z.string().openapi({ description: 'Name of the object; empty if it has none.', example: 'upf' }),
    path: z
      .string()
      .openapi({ description: 'Path of the file with the object.', example: 'deployment.yaml' }),
    packageRevision: containingRevisionSchema,
  })
  .openapi('FoundObject', { description: 'A KRM object in a package revision.' })

const foundImageSchema = z
  .strictObject({
    image: z.string().openapi({
      description:
        'The image as in the files, but in its short form: `nginx:1.27` for `docker.io/library/nginx:1.27`.',
      example: 'nginx:1.27',
    }),
    packageRevision: containingRevisionSchema,
  })
  .openapi('FoundImage', { description: 'A container image in a package revision.' })

export const foundObjectListSchema = listOf(foundObjectSchema, 'FoundObjectList')
export const foundImageListSchema = listOf(foundImageSchema, 'FoundImageList')

type FoundObject = z.output<typeof foundObjectSchema>

export function toFoundObjectView(
  found: Omit<FoundObject, 'packageRevision'> & { in: FoundObject['packageRevision'] },
): FoundObject {
  const { apiVersion, kind, namespace, name, path } = found
  return { apiVersion, kind, namespace, name, path, packageRevision: found.in }
}
