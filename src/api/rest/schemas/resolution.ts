import { z } from '@hono/zod-openapi'
import { labelProblem } from '../../../domain/names.ts'
import { RESOLUTION_MODES } from '../../../service/workers/resolution-tasks.ts'
import { repositoryName, ruled, version } from './common.ts'

/** In all, so that the answer comes within a second or two. */
const MAX_PACKAGES = 1000

const packageName = ruled(labelProblem).openapi({
  description: 'Name of the package.',
  example: 'cert-manager',
})
const range = z.string().max(512)

const ref = {
  name: packageName,
  namespace: ruled(labelProblem).optional().openapi({
    description: 'Namespace of a namespaced package; without it the package is for the whole cluster.',
    example: 'shop',
  }),
  instance: ruled(labelProblem).optional().openapi({
    description: 'Name of the instance in its namespace; by default the name of the package.',
    example: 'shop-db',
  }),
}

/** Clients write versions with a leading "v". */
const clusterVersion = (description: string) =>
  range
    .min(1)
    .transform((text) => text.replace(/^v(?=[0-9])/, ''))
    .openapi({ type: 'string', description, example: '1.17.0+2' })

const installRequestSchema = z
  .strictObject({
    ...ref,
    version: clusterVersion(
      'Version to install, or a range of versions; by default the best one that fits.',
    ).optional(),
  })
  .openapi('InstallRequest', { description: 'A package to install, or to move if it is installed.' })

const installedPackageSchema = z
  .strictObject({
    ...ref,
    version: clusterVersion('Version that is installed.'),
    asDependency: z.boolean().optional().openapi({
      description: 'True if it was installed for others only: it goes when none of them is left.',
      example: true,
    }),
  })
  .openapi('InstalledPackage')

const few = <Item extends z.ZodType>(item: Item) => z.array(item).max(MAX_PACKAGES)

export const resolutionRequestSchema = z
  .strictObject({
    repositories: z
      .array(repositoryName)
      .min(1)
      .max(20)
      .refine((names) => new Set(names).size === names.length, 'must not have a name twice')
      .openapi({
        description:
          'Glasskube repositories, the one with the highest priority first: with `joint` the first one that has a package gives all of its versions; with `compatible` a dependency in several of them is a conflict, as it is for Glasskube.',
        example: ['apps'],
      }),
    install: few(installRequestSchema)
      .default([])
      .openapi({ description: 'Packages to install or to update.' }),
    installed: few(installedPackageSchema).default([]).openapi({ description: 'All that the cluster has.' }),
    mode: z.enum(RESOLUTION_MODES).default('joint').openapi({
      description:
        '`compatible`: the result of Glasskube 0.26.1, which chooses one package after the other and never moves what is installed. `joint`: a solution for all packages at once whenever there is one, which keeps what is installed where it can, and prefers high versions, but neither prereleases nor deprecated versions.',
      example: 'joint',
    }),
  })
  .openapi('ResolutionRequest')

const exactVersion = z.string().openapi({ description: 'The version.', example: '1.17.0+2' })
const resultRef = { ...ref, name: packageName }
const repository = z.string().nullable().openapi({
  description: 'Repository that it comes from; null for a package that none of them has.',
  example: 'apps',
})
const selection = { ...resultRef, version: exactVersion }

const resolutionSelectionSchema = z.strictObject({ ...selection, repository }).openapi('ResolvedPackage')

export const resolutionSchema = z
  .strictObject({
    status: z.enum(['OK', 'RESOLVABLE', 'CONFLICT']).openapi({
      description:
        '`RESOLVABLE`: more has to be done than what was asked for. `CONFLICT`: there is no solution.',
      example: 'RESOLVABLE',
    }),
    install: z.array(resolutionSelectionSchema).openapi({
      description: 'What was asked for, with the versions chosen; empty in a conflict.',
    }),
    requirements: z
      .array(
        z
          .strictObject({
            ...selection,
            transitive: z.boolean().openapi({
              description: 'True if only packages need it that were not asked for either.',
              example: false,
            }),
            repository,
          })
          .openapi('ResolutionRequirement'),
      )
      .openapi({ description: 'What else is to be installed.' }),
    changes: z
      .array(
        z.strictObject({ ...resultRef, from: exactVersion, to: exactVersion }).openapi('ResolutionChange'),
      )
      .openapi({ description: 'Installed packages that move to another version.' }),
    conflicts: z
      .array(
        z
          .strictObject({
            ...resultRef,
            actual: exactVersion
              .optional()
              .openapi({ description: 'Version that is installed or asked for.' }),
            required: z.string().optional().openapi({
              description: 'Range that it would have to be in.',
              example: '>=2.0.0',
            }),
            by: z.string().optional().openapi({ description: 'Package that demands it.', example: 'shop' }),
          })
          .openapi('ResolutionConflict'),
      )
      .openapi({ description: 'Demands that cannot be met.' }),
    pruned: z.array(z.strictObject(selection).openapi('PrunedPackage')).openapi({
      description: 'Installed dependencies that are no longer needed.',
    }),
    explanation: z.string().openapi({
      description: 'Why packages move, or why there is no solution, in sentences; otherwise empty.',
      example: 'Because shop 2.0.0 depends on db >=3.0.0 and db 2.1.0 is requested, there is no solution.',
    }),
  })
  .openapi('Resolution')

export const impactSchema = z
  .strictObject({
    version: version.openapi({ description: 'Version of the revision.' }),
    becomesLatest: z.boolean().openapi({
      description: 'Whether clients would see it as the latest version.',
      example: true,
    }),
    unresolvable: z.string().nullable().openapi({
      description: 'Why the version cannot be installed, not even alone; null if it can.',
      example: null,
    }),
    broken: z
      .array(
        z
          .strictObject({
            repository: repositoryName,
            name: packageName,
            version: exactVersion,
            explanation: z.string().openapi({
              description: 'Why both cannot be installed.',
              example:
                'Because shop 1.0.0 depends on db <2.0.0 and db 2.0.0 is requested, there is no solution.',
            }),
          })
          .openapi('BrokenPackage'),
      )
      .openapi({
        description:
          'Packages whose latest version can be installed beside the latest version before, but not beside this one.',
      }),
    undecided: z.array(packageName).openapi({
      description: 'Packages with so many ranges that this could not be found out.',
      example: [],
    }),
    truncated: z.boolean().openapi({
      description: 'True if the version may affect more packages than were tried.',
      example: false,
    }),
  })
  .openapi('VersionImpact')
