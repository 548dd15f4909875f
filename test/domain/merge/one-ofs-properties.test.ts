/** Random merges of valid objects with fields that exclude each other. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readKrmFile } from '../../../src/domain/krm/krm-file.ts'
import type { Conflict, Side } from '../../../src/domain/merge/conflict.ts'
import { withSide } from '../../../src/domain/merge/resolve-conflict.ts'
import { mergedFile } from '../../support/merging.ts'
import { searching } from '../../support/sizes.ts'
import { resourcesOf, textsOf } from '../../support/texts.ts'

type Fields = { [key: string]: unknown }
const name = fc.constantFrom('x', 'y')
const number = fc.integer({ min: 1, max: 2 })
const either = (...choices: fc.Arbitrary<Fields>[]) => fc.oneof(...choices)
/** A map with a field of each, all of them optional. */
const optional = (fields: Record<string, fc.Arbitrary<unknown>>) => fc.record(fields, { requiredKeys: [] })

const reference = (key: string) => fc.record({ [key]: fc.record({ name, key: name }) })
const variable = either(
  fc.constant({}),
  fc.record({ value: name }),
  fc.record({ valueFrom: either(reference('secretKeyRef'), reference('configMapKeyRef')) }),
)
const handler = either(
  fc.record({ httpGet: optional({ path: name, port: number }) }),
  fc.record({ grpc: fc.record({ port: number }) }),
)
const volume = either(
  fc.record({ emptyDir: optional({ medium: name }) }),
  fc.record({ secret: optional({ secretName: name }) }),
)
const strategy = either(
  fc.record({ type: fc.constant('Recreate') }),
  optional({
    type: fc.constant('RollingUpdate'),
    rollingUpdate: optional({ maxSurge: number, maxUnavailable: number }),
  }),
)
const deployment = fc
  .record({
    env: variable,
    probe: fc.option(
      fc.tuple(handler, optional({ periodSeconds: number })).map(([one, more]) => ({ ...one, ...more })),
    ),
    volume,
    strategy: fc.option(strategy),
  })
  .map((parts) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a' },
    spec: {
      ...(parts.strategy && { strategy: parts.strategy }),
      template: {
        spec: {
          containers: [
            {
              name: 'c',
              env: [{ name: 'E', ...parts.env }],
              ...(parts.probe && { livenessProbe: parts.probe }),
            },
          ],
          volumes: [{ name: 'v', ...parts.volume }],
        },
      },
    },
  }))

/** Returns the places where a deployment has fields together that exclude each other. */
function faults(text = ''): string[] {
  const spec = readKrmFile(Buffer.from(text))?.documents[0]?.value.spec as Fields & {
    template: { spec: Record<string, Fields[]> }
  }
  const { containers: [container = {}] = [], volumes: [volume = {}] = [] } = spec.template.spec
  const [env = {}] = container.env as Fields[]
  const both = (map: unknown, ...keys: string[]) =>
    keys.filter((key) => key in ((map ?? {}) as Fields)).length > 1
  const strategy = (spec.strategy ?? {}) as Fields
  return [
    both(env, 'value', 'valueFrom') ? 'env' : '',
    both(env.valueFrom, 'secretKeyRef', 'configMapKeyRef') ? 'valueFrom' : '',
    both(container.livenessProbe, 'httpGet', 'grpc') ? 'probe' : '',
    both(volume, 'emptyDir', 'secret') ? 'volume' : '',
    strategy.type === 'Recreate' && strategy.rollingUpdate ? 'strategy' : '',
  ].filter((fault) => fault !== '')
}

it('keeps valid objects valid, whichever side each conflict is decided for', () => {
  let conflicted = 0
  fc.assert(
    fc.property(
      deployment,
      deployment,
      deployment,
      fc.constantFrom<Side>('local', 'upstream'),
      (...input) => {
        const [original, local, upstream] = input
          .slice(0, 3)
          .map((side) => JSON.stringify(side, null, 2)) as [string, string, string]
        const prefer = input[3]
        const { text = '', conflicts } = mergedFile([original, local, upstream], 'a.yaml', prefer)
        expect(faults(text)).toEqual([])
        const other = prefer === 'local' ? 'upstream' : 'local'
        const decide = (now: string, conflict: Conflict) =>
          textsOf(
            withSide(conflict, other, resourcesOf({ 'a.yaml': now }), resourcesOf({ 'a.yaml': upstream })),
          )['a.yaml'] ?? ''
        for (const conflict of conflicts) expect(faults(decide(text, conflict))).toEqual([])
        expect(faults(conflicts.reduce(decide, text))).toEqual([])
        conflicted += conflicts.length
      },
    ),
    searching(200),
  )
  expect(conflicted).toBeGreaterThan(100)
})
