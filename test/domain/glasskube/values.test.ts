import { describe, expect, it } from 'vitest'
import type { ValueDefinition, ValueDefinitions } from '../../../src/domain/glasskube/manifest-schema.ts'
import {
  type ValueConfiguration,
  type ValueRule,
  valueViolations,
} from '../../../src/domain/glasskube/values.ts'

type Texts = Record<string, string>

/** The rules that are broken, with the names of the values. */
function broken(definitions: ValueDefinitions, texts: Texts): string[] {
  const values = Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, { value }]))
  return valueViolations(definitions, values).map(({ name, rule }) => `${name} ${rule}`)
}

/** The rule that a text breaks as the only value; undefined for one that fits. */
function brokenBy(definition: Omit<ValueDefinition, 'targets'>, value: string): ValueRule | undefined {
  const [first, ...more] = valueViolations({ a: { targets: [], ...definition } }, { a: { value } })
  expect(more).toEqual([])
  return first?.rule
}

const NONE = {}
const SIMPLE: ValueDefinitions = { test: { type: 'text', targets: [] } }
const REQUIRED: ValueDefinitions = { test: { type: 'text', constraints: { required: true }, targets: [] } }
const CONSTRAINED: ValueDefinitions = {
  minmaxstr: { type: 'text', constraints: { minLength: 5, maxLength: 10 }, targets: [] },
  minmax: { type: 'number', constraints: { min: 5, max: 10 }, targets: [] },
  pattern: { type: 'text', constraints: { pattern: 'a{2,3}b+' }, targets: [] },
  options: { type: 'options', options: ['foo', 'bar'], targets: [] },
  bool: { type: 'boolean', targets: [] },
}

describe("Glasskube's own cases", () => {
  it.each<[string, ValueDefinitions, Texts, string[]]>([
    ['no definition, no value', NONE, {}, []],
    ['a value without a definition', NONE, { test: 'test' }, ['test undefined']],
    ['a value with its definition', SIMPLE, { test: 'test' }, []],
    ['a required value that is missing', REQUIRED, {}, ['test required']],
    ['a required value that is there', REQUIRED, { test: 'test' }, []],
    ['a text that is too short', CONSTRAINED, { minmaxstr: 'aaa' }, ['minmaxstr minLength']],
    ['a text that is too long', CONSTRAINED, { minmaxstr: 'aaaaaaaaaaa' }, ['minmaxstr maxLength']],
    ['a text of the largest length', CONSTRAINED, { minmaxstr: 'aaaaaaaaaa' }, []],
    ['a number that is too small', CONSTRAINED, { minmax: '1' }, ['minmax min']],
    ['a number that is too large', CONSTRAINED, { minmax: '11' }, ['minmax max']],
    ['a number in the range', CONSTRAINED, { minmax: '7' }, []],
    ['a text that the pattern does not match', CONSTRAINED, { pattern: 'ab' }, ['pattern pattern']],
    ['a text with a part that the pattern matches', CONSTRAINED, { pattern: 'aaab' }, []],
    ['a text that is no option', CONSTRAINED, { options: 'test' }, ['options options']],
    ['an option', CONSTRAINED, { options: 'foo' }, []],
    ['a text that is no boolean', CONSTRAINED, { bool: 'test' }, ['bool type']],
    ['true', CONSTRAINED, { bool: 'true' }, []],
    ['false', CONSTRAINED, { bool: 'false' }, []],
    ['1 for a boolean', CONSTRAINED, { bool: '1' }, []],
  ])('%s', (_, definitions, texts, expected) => {
    expect(broken(definitions, texts)).toEqual(expected)
  })
})

describe('a value', () => {
  it.each(['1', 't', 'T', 'TRUE', 'true', 'True', '0', 'f', 'F', 'FALSE', 'false', 'False'])(
    'that is a boolean may be %s',
    (value) => expect(brokenBy({ type: 'boolean' }, value)).toBeUndefined(),
  )

  it.each(['', 'yes', 'tRue', ' true', '2'])('that is a boolean may not be %j', (value) => {
    expect(brokenBy({ type: 'boolean' }, value)).toBe('type')
  })

  it.each(['0', '-0', '+5', '007', '9223372036854775807', '-9223372036854775808', '0'.repeat(100_000)])(
    'that is a number may be %.30s',
    (value) => expect(brokenBy({ type: 'number' }, value)).toBeUndefined(),
  )

  it.each([
    ...['', '+', '1.0', '1e3', '1_000', '0x10', ' 1', '1\n', '١', '--1'],
    ...['9223372036854775808', '-9223372036854775809', '9'.repeat(100_000), `${'0'.repeat(100_000)}x`],
  ])('that is a number may not be %.30j', (value) => {
    expect(brokenBy({ type: 'number' }, value)).toBe('type')
  })

  it('is compared with bounds that a double would round', () => {
    const constraints = { min: 9007199254740993n }
    expect(brokenBy({ type: 'number', constraints }, '9007199254740992')).toBe('min')
    expect(brokenBy({ type: 'number', constraints }, '9007199254740993')).toBeUndefined()
  })

  it('has its length in bytes', () => {
    expect(brokenBy({ type: 'text', constraints: { maxLength: 3 } }, 'üü')).toBe('maxLength')
    expect(brokenBy({ type: 'text', constraints: { minLength: 4 } }, 'üü')).toBeUndefined()
  })

  it('has no constraints that its type does not have', () => {
    const constraints = { min: 5, max: 1, minLength: 5, maxLength: 1, pattern: 'x' }
    expect(brokenBy({ type: 'boolean', constraints }, 'true')).toBeUndefined()
    expect(brokenBy({ type: 'options', options: ['a'], constraints }, 'a')).toBeUndefined()
    expect(brokenBy({ type: 'text', constraints: { min: 5, max: 1 } }, 'a')).toBeUndefined()
    expect(brokenBy({ type: 'number', constraints: { minLength: 5, maxLength: 1 } }, '12')).toBeUndefined()
    expect(brokenBy({ type: 'number', constraints: { pattern: '^1' } }, '21')).toBe('pattern')
  })

  it('may be empty although it is required', () => {
    expect(broken(REQUIRED, { test: '' })).toEqual([])
  })

  it('breaks several rules at once', () => {
    const a: ValueDefinition = { type: 'text', constraints: { minLength: 3, pattern: 'x' }, targets: [] }
    expect(broken({ a }, { a: 'a', b: '' })).toEqual(['a minLength', 'a pattern', 'b undefined'])
  })

  it('is looked up by its name alone', () => {
    expect(broken(REQUIRED, { constructor: 'a' })).toEqual(['test required', 'constructor undefined'])
    const text: ValueDefinition = { type: 'text', targets: [] }
    expect(valueViolations({ toString: text }, {})).toEqual([])
  })

  it('is refused with a message if the pattern of its definition cannot be used', () => {
    const definitions: ValueDefinitions = { a: { type: 'text', constraints: { pattern: '(' }, targets: [] } }
    expect(valueViolations(definitions, { a: { value: 'a' } })).toEqual([
      {
        name: 'a',
        rule: 'pattern',
        message:
          'has a pattern that is no regular expression in the syntax of RE2, which clients use: missing closing ): `(`',
      },
    ])
  })
})

describe('a reference', () => {
  const ref = { name: 'n', key: 'k' }

  it.each<[string, ValueConfiguration]>([
    ['a ConfigMap', { valueFrom: { configMapRef: { namespace: 'ns', ...ref } } }],
    ['a Secret', { valueFrom: { secretRef: ref } }],
    ['a package', { valueFrom: { packageRef: { name: 'n', value: 'v' } } }],
  ])('to %s counts as present, whatever the constraints', (_, configuration) => {
    const definition: ValueDefinition = {
      type: 'number',
      constraints: { required: true, min: 5 },
      targets: [],
    }
    expect(valueViolations({ a: definition }, { a: configuration })).toEqual([])
  })

  it.each<[string, ValueConfiguration, string]>([
    ['nothing', {}, 'has no value: give it one, or a reference in valueFrom'],
    [
      'a value beside it',
      { value: 'a', valueFrom: { secretRef: ref } },
      'has both a value and a reference: remove one of them',
    ],
    [
      'no kind',
      { valueFrom: {} },
      'needs exactly one reference: write a configMapRef, a secretRef or a packageRef',
    ],
    [
      'two kinds',
      { valueFrom: { secretRef: ref, configMapRef: ref } },
      'needs exactly one reference: write a configMapRef, a secretRef or a packageRef',
    ],
    [
      'an empty name',
      { valueFrom: { secretRef: { name: '', key: 'k' } } },
      'has a reference with an empty field: fill it in',
    ],
    [
      'an empty value',
      { valueFrom: { packageRef: { name: 'n', value: '' } } },
      'has a reference with an empty field: fill it in',
    ],
  ])('is refused with %s', (_, configuration, message) => {
    expect(valueViolations(SIMPLE, { test: configuration })).toEqual([
      { name: 'test', rule: 'reference', message },
    ])
  })

  it('needs a definition', () => {
    expect(valueViolations({}, { a: { valueFrom: { secretRef: ref } } })).toMatchObject([
      { name: 'a', rule: 'undefined' },
    ])
  })
})
