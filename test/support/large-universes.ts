/** Universes of packages p0, p1 and so on: random ones, and some that are hard to resolve. */
import type { Dependency, PackageVersion, Universe } from '../../src/domain/glasskube/resolution/problem.ts'
import { seededRandom } from './seeded-random.ts'

/** A package with the dependencies of its versions. */
type Generated = [name: string, versions: Record<string, Dependency[]>]

function generated(packages: Iterable<Generated>): Universe {
  const universe = new Map<string, PackageVersion[]>()
  for (const [name, versions] of packages) {
    universe.set(
      name,
      Object.entries(versions).map(([version, dependencies]) => ({
        version,
        dependencies,
        components: [],
        scope: 'Cluster',
        defaultNamespace: name,
      })),
    )
  }
  return {
    lookup: (name) => {
      const versions = universe.get(name)
      return versions ? [{ repository: 'only', versions }] : []
    },
  }
}

/** Ten versions each; a version depends on up to so many others, mostly by ranges that leave half of their versions. */
export function randomUniverse(seed: number, packages: number, dependencies: number): Universe {
  const random = seededRandom(seed)
  const below = (bound: number) => Math.floor(random() * bound)
  const dependency = (): Dependency => {
    const version = `1.${below(10)}.0`
    const range = [`>=${version}`, `<=${version}`, `~${version}`, undefined][below(4)]
    return { name: `p${below(packages)}`, version: range }
  }
  return generated(
    names(packages).map((name) => [
      name,
      Object.fromEntries(
        Array.from({ length: 10 }, (_, minor) => [
          `1.${minor}.0`,
          Array.from({ length: below(dependencies + 1) }, dependency),
        ]),
      ),
    ]),
  )
}

/** Versions 1 and 2 of each package depend on the same version of the next one, and the last on the first. */
export function ring(length: number): Universe {
  return generated(
    names(length).map((name, i) => {
      const next = `p${(i + 1) % length}`
      return [name, { '1.0.0': [{ name: next, version: '^1' }], '2.0.0': [{ name: next, version: '^2' }] }]
    }),
  )
}

/** The last package of the chain has no version that the one before it accepts. */
export function brokenChain(length: number): Universe {
  return generated([
    ...names(length).map((name, i): Generated => [name, { '1.0.0': [{ name: `p${i + 1}`, version: '^1' }] }]),
    [`p${length}`, { '2.0.0': [] }],
  ])
}

/** Packages of which each needs one of too few holes for itself: proofs that it cannot work grow exponentially. */
export function pigeonholes(pigeons: number): Universe {
  const holes = names(pigeons - 1, 'hole')
  return generated([
    ...names(pigeons).map(
      (name, i): Generated => [
        name,
        Object.fromEntries(holes.map((hole, h) => [`${h}.0.0`, [{ name: hole, version: `${i}.0.0` }]])),
      ],
    ),
    ...holes.map(
      (hole): Generated => [hole, Object.fromEntries(names(pigeons).map((_, i) => [`${i}.0.0`, []]))],
    ),
  ])
}

export function names(count: number, prefix = 'p'): string[] {
  return Array.from({ length: count }, (_, i) => prefix + i)
}
