import { z } from '@hono/zod-openapi'
import { listOf, packagePath, repositoryName, version } from './common.ts'

const required = z.string().nullable().openapi({
  description: 'Range of versions; null for any version.',
  example: '1.x.x',
})

const part = {
  name: z.string().openapi({ description: 'Name of the package that is needed.', example: 'cert-manager' }),
  required,
  repository: z.string().nullable().openapi({
    description:
      'Where it would be found: in the repository of the package itself, otherwise in the first of all that the caller may read; null if none has it.',
    example: 'apps',
  }),
  satisfiedBy: version.nullable().openapi({
    description: 'Highest published version in the range; null if there is none.',
  }),
}

export const dependenciesSchema = z
  .strictObject({
    version: version.openapi({ description: 'Version that needs them.' }),
    dependencies: z.array(z.strictObject(part).openapi('PackageDependency')).openapi({
      description: 'Packages that all of a cluster share.',
    }),
    components: z
      .array(
        z
          .strictObject({
            ...part,
            installedName: z.string().nullable().openapi({
              description: 'Last part of the name of the instance; null for the name of the package.',
              example: 'db',
            }),
          })
          .openapi('PackageComponent'),
      )
      .openapi({ description: 'Packages of which it has instances of its own.' }),
  })
  .openapi('PackageDependencies')

const dependentSchema = z
  .strictObject({
    repository: repositoryName,
    package: packagePath,
    version: version.openapi({ description: 'Version that needs the package.' }),
    as: z.enum(['dependency', 'component']).openapi({
      description: 'A component is an instance that only the dependent uses.',
      example: 'dependency',
    }),
    required,
  })
  .openapi('PackageDependent')

export const dependentListSchema = listOf(dependentSchema, 'PackageDependentList')
