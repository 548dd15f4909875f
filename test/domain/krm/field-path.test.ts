import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FieldPath, formatFieldPath, parseFieldPath } from '../../../src/domain/krm/field-path.ts'
import { cpuTimer } from '../../support/cpu-time.ts'

const key = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom(
    '',
    'a.b',
    'example.com/x',
    '__proto__',
    '[0]',
    'a=b',
    'a,b',
    '"',
    '\\',
    ']',
    '-',
    '0',
    '\ud800',
  ),
)
const keyValue = fc.oneof(
  key,
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number || 0),
  fc.bigInt({ min: 2n ** 53n + 1n }).filter((number) => BigInt(Number(number)) !== number),
  fc.boolean(),
  fc.constantFrom(null, '1e5', '-0', 'true', 'null', '1.0'),
)
const keys = fc
  .array(fc.tuple(key, keyValue), { minLength: 1, maxLength: 3 })
  .map((entries) => Object.fromEntries(entries))
const path: fc.Arbitrary<FieldPath> = fc.array(fc.oneof(key, fc.nat(), keys), { maxLength: 6 })

describe('a field path', () => {
  it.each([
    [[], ''],
    [['spec', 'containers', { name: 'nginx' }, 'ports', 0], 'spec.containers[name=nginx].ports[0]'],
    [['ports', { containerPort: 80, protocol: 'TCP' }], 'ports[containerPort=80,protocol=TCP]'],
    [['ports', { containerPort: '80' }], 'ports[containerPort="80"]'],
    [['set', { '': true }], 'set[=true]'],
    [['set', { '': 'true' }], 'set[="true"]'],
    [['set', { '': 'yes' }], 'set[=yes]'],
    [['set', { '': '0644' }], 'set[=0644]'],
    [['set', { '': -1.5e300 }], 'set[=-1.5e+300]'],
    [['set', { '': 12345678901234567890n }], 'set[=12345678901234567890]'],
    [['mutators', { image: 'a', name: null }], 'mutators[image=a,name=null]'],
    [['mutators', { image: 'host:5000/a', name: 'null' }], 'mutators[image=host:5000/a,name="null"]'],
    [['metadata', 'labels', 'app.kubernetes.io/name'], 'metadata.labels["app.kubernetes.io/name"]'],
    [['finalizers', { '': 'a b' }], 'finalizers[="a b"]'],
    [[0, 'a'], '[0].a'],
  ] as [FieldPath, string][])('%o is written %s', (steps, text) => {
    expect(formatFieldPath(steps)).toBe(text)
    expect(parseFieldPath(text)).toEqual(steps)
  })

  it('parses back, whatever its keys are', () => {
    fc.assert(
      fc.property(path, (steps) => {
        expect(parseFieldPath(formatFieldPath(steps))).toEqual(steps)
      }),
      { numRuns: 2_000 },
    )
  })

  it('does not parse from any other notation', () => {
    for (const text of [
      '.',
      'a.',
      '.a',
      'a..b',
      '[',
      '[]',
      '[a]',
      '[01]',
      '["\\q"]',
      '["a',
      'a[0]b',
      'a b',
      '[a=]',
      '[a=b,]',
      '[a=1.0]',
      '[a=1e3]',
      '[a=-0]',
      '[a="b"]',
    ]) {
      expect(parseFieldPath(text), text).toBeUndefined()
    }
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab.[]="\\,01 '), maxLength: 12 }), (text) => {
        const steps = parseFieldPath(text)
        if (steps) expect(formatFieldPath(steps)).toBe(text)
      }),
      { numRuns: 5_000 },
    )
  })

  it('parses hostile texts in linear time', () => {
    const spent = cpuTimer()
    expect(parseFieldPath(`[${'a=bb'.repeat(2_000)}`)).toBeUndefined()
    expect(parseFieldPath(`["${'\\'.repeat(20_001)}`)).toBeUndefined()
    expect(spent()).toBeLessThan(1_000)
  })
})
