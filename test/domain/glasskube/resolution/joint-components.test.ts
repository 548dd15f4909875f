/** Instances in namespaces are resolved as if each were a package of its own that others depend on. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { resolveJointly } from '../../../../src/domain/glasskube/resolution/joint.ts'
import type {
  PackageRef,
  Resolution,
  ResolutionProblem,
  Universe,
} from '../../../../src/domain/glasskube/resolution/problem.ts'
import { packages, type Repository, universe } from '../../../support/package-universe.ts'
import { searching } from '../../../support/sizes.ts'

const RUNS = 500
const VERSIONS = ['1.0.0', '1.1.0', '2.0.0']

const range = fc.constantFrom('^1', '^2', '>=1.1.0', '<=1.1.0', undefined)
const version = fc.constantFrom(...VERSIONS)
const dependencies = (...names: string[]) =>
  fc.array(
    fc.tuple(fc.constantFrom(...names), range).map(([name, text]) => [name, text].join(' ').trimEnd()),
    { maxLength: 2 },
  )

/** A package in namespaces whose versions bring along some of these. */
const namespaced = (...names: string[]) =>
  fc.record({
    scope: fc.constant('Namespaced' as const),
    dependencies: dependencies('lib', 'base'),
    components: fc
      .subarray(names)
      .chain((some) =>
        fc.tuple(...some.map((name) => fc.record({ name: fc.constant(name), version: range }))),
      ),
  })

const manifests = {
  app: namespaced('db', 'cache'),
  db: namespaced('cache'),
  cache: namespaced(),
  lib: fc.record({ dependencies: dependencies('base') }),
  base: fc.record({ dependencies: dependencies('lib') }),
}
const repository = fc.record(
  Object.fromEntries(
    Object.entries(manifests).flatMap(([name, manifest]) =>
      VERSIONS.map((each) => [`${name} ${each}`, manifest]),
    ),
  ),
)

const INSTANCES = [
  'work/app app',
  'work/app-db db',
  'work/app-db-cache cache',
  'work/app-cache cache',
  'play/db db',
  'lib',
  'base',
]
const problem: fc.Arbitrary<ResolutionProblem> = fc.record({
  universe: repository.map((published) => universe(published as Repository)),
  install: fc
    .subarray(INSTANCES, { minLength: 1, maxLength: 2 })
    .chain((some) =>
      fc.tuple(
        ...some.map((one) => fc.option(version, { nil: '' }).map((each) => `${one} ${each}`.trimEnd())),
      ),
    )
    .map((texts) => packages(...texts).map((one) => ({ ...one, version: one.version || undefined }))),
  installed: fc
    .subarray(INSTANCES)
    .chain((some) =>
      fc.tuple(
        ...some.map((one) => fc.record({ one: fc.constant(one), each: version, asDependency: fc.boolean() })),
      ),
    )
    .map((all) =>
      all.flatMap(({ one, each, asDependency }) =>
        packages(`${one} ${each}`).map((found) => ({ ...found, asDependency })),
      ),
    ),
})

it('resolves instances as packages of their own', () => {
  const outcomes = { OK: 0, RESOLVABLE: 0, CONFLICT: 0 }
  fc.assert(
    fc.property(problem, (question) => {
      const answer = resolveJointly(question)
      outcomes[answer.status]++
      const { universe: published, install, installed } = question
      const flatAnswer = resolveJointly({
        universe: flatUniverse(published),
        install: install.map(flat),
        installed: installed.map(flat),
      })
      expect(compared(answer)).toEqual(compared(flatAnswer))
    }),
    searching(RUNS),
  )
  for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(RUNS / 20)
})

function flatUniverse(published: Universe): Universe {
  return {
    lookup: (flatName) => {
      const [name = '', place] = flatName.split('@')
      return published.lookup(name).map(({ repository: from, versions }) => ({
        repository: from,
        versions: versions.map((one) => ({
          ...one,
          scope: 'Cluster',
          components: [],
          dependencies: [
            ...one.dependencies,
            ...one.components.map((each) => ({ ...each, name: `${each.name}@${place}-${each.name}` })),
          ],
        })),
      }))
    },
  }
}

function flat<T extends PackageRef>({ name, namespace, instance, ...rest }: T) {
  return { ...rest, name: namespace ? `${name}@${namespace}/${instance}` : name }
}

function compared({ status, install, requirements, changes, pruned }: Resolution) {
  return {
    status,
    lists: [install, requirements, changes, pruned].map((list) => new Set<unknown>(list.map(flat))),
  }
}
