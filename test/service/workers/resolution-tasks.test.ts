import { expect, it } from 'vitest'
import { impact, type PackedPackage } from '../../../src/service/workers/resolution-tasks.ts'

/** Packages that need three others each, in ranges that only fit if all have the same major version. */
function entangled(count: number) {
  const name = (at: number) => `p${at % count}`
  const versions = (at: number): PackedPackage['versions'] =>
    Array.from({ length: 20 }, (_, major) => ({
      version: `${major}.0.0`,
      dependencies: [7, 14, 21].map((more) => ({
        name: name(at + more),
        version: `>=${major}.0.0 <${major + 3}.0.0`,
      })),
      components: [],
      scope: 'Cluster',
      defaultNamespace: 'default',
    }))
  const packed = (at: number) => JSON.stringify({ versions: versions(at) } satisfies PackedPackage)
  return new Map(
    Array.from({ length: count }, (_, at) => [name(at), [{ repository: 'apps', packed: packed(at) }]]),
  )
}

it('the impact of a version among too many packages is undecided, but whether it can be installed is known', () => {
  const others = ['p2', 'p3'].map((name) => ({ name, version: '19.0.0' }))
  const added = { name: 'p1', version: '19.0.0' }
  const trial = { added, before: '18.0.0', others }
  expect(impact({ packages: entangled(40), ...trial })).toMatchObject({ undecided: [] })
  expect(impact({ packages: entangled(1000), ...trial })).toEqual({
    unresolvable: null,
    broken: [],
    undecided: ['p2', 'p3'],
  })
})
