import { z } from '@hono/zod-openapi'
import { LIFECYCLES } from '../../../domain/lifecycle.ts'
import { listOf, packagePath, repositoryName, version, workspaceName } from './common.ts'

const containingRevisionSchema = z
  .strictObject({
    name: z.string().openapi({ description: 'Name of the revision.', example: 'blueprints.nf.upf.ws1' }),
    repository: repositoryName,
    package: packagePath,
    workspace: workspaceName,
    revision: z.int().openapi({ description: 'Its number; 0 for a draft.', example: 1 }),
    version: version.nullable(),
    lifecycle: z.enum(LIFECYCLES).openapi({ description: 'State of the lifecycle.', example: 'Published' }),
    latest: z.boolean().openapi({ description: 'Whether it is the latest of its package.', example: true }),
  })
  .openapi('ContainingRevision', { description: 'A package revision, in short.' })

const foundObjectSchema = z
  .strictObject({
    apiVersion: z
      .string()
      .openapi({ description: 'Of the object; empty where it says none.', example: 'apps/v1' }),
    kind: z
      .string()
      .openapi({ description: 'Of the object; empty where it says none.', example: 'Deployment' }),
    namespace: z
      .string()
      .openapi({ description: 'Of the object; empty where it says none.', example: 'core' }),
    name: z.string().openapi({ description: 'Of the object; empty where it says none.', example: 'upf' }),
    path: z.string().openapi({ description: 'The file that it is in.', example: 'deployment.yaml' }),
    packageRevision: containingRevisionSchema,
  })
  .openapi('FoundObject', { description: 'A KRM object in a package revision.' })

const foundImageSchema = z
  .strictObject({
    image: z.string().openapi({
      description:
        'The image as the files have it, but in the short form: `nginx:1.27` for `docker.io/library/nginx:1.27`.',
      example: 'nginx:1.27',
    }),
    packageRevision: containingRevisionSchema,
  })
  .openapi('FoundImage', { description: 'A container image that a package revision runs.' })

export const foundObjectListSchema = listOf(foundObjectSchema, 'FoundObjectList')
export const foundImageListSchema = listOf(foundImageSchema, 'FoundImageList')

type FoundObject = z.output<typeof foundObjectSchema>

export function toFoundObjectView(
  found: Omit<FoundObject, 'packageRevision'> & { in: FoundObject['packageRevision'] },
): FoundObject {
  const { apiVersion, kind, namespace, name, path } = found
  return { apiVersion, kind, namespace, name, path, packageRevision: found.in }
}
