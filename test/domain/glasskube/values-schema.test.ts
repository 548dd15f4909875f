import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ValueDefinition } from '../../../src/domain/glasskube/manifest-schema.ts'
import { Re2Patterns } from '../../../src/domain/glasskube/re2-pattern.ts'
import { valueViolations } from '../../../src/domain/glasskube/values.ts'
import { valuesSchema } from '../../../src/domain/glasskube/values-schema.ts'
import { searching } from '../../support/sizes.ts'

const definition = (fields: Omit<ValueDefinition, 'targets'>): ValueDefinition => ({ targets: [], ...fields })

describe('valuesSchema', () => {
  it('has what a form needs', () => {
    const schema = valuesSchema({
      host: definition({
        type: 'text',
        metadata: { label: 'Host', description: 'Where it runs.\n', hints: ['Without a port.'] },
        defaultValue: 'a.example',
        constraints: { required: true, minLength: 1, maxLength: 9, pattern: '^.+$' },
      }),
      replicas: definition({ type: 'number', constraints: { min: 1, max: 5, pattern: '^[^+]' } }),
      level: definition({ type: 'options', options: ['b', 'a', 'b'], defaultValue: 'b' }),
      on: definition({ type: 'boolean', defaultValue: '' }),
      any: definition({ type: 'text', constraints: { minLength: -1, pattern: '(?i)a' } }),
    })
    expect(schema).toEqual({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        host: {
          type: 'string',
          title: 'Host',
          description: 'Where it runs.\nWithout a port.',
          default: 'a.example',
          minLength: 1,
          maxLength: 9,
          pattern: '^[^\\n]+$',
        },
        replicas: {
          type: 'string',
          pattern: '^[-+]?[0-9]+$',
          minimum: 1,
          maximum: 5,
          allOf: [{ pattern: '^[^+]' }],
        },
        level: { type: 'string', enum: ['b', 'a'], default: 'b' },
        on: {
          type: 'string',
          enum: ['true', 'false', '1', '0', 't', 'f', 'T', 'F', 'TRUE', 'FALSE', 'True', 'False'],
        },
        any: { type: 'string' },
      },
      required: ['host'],
      additionalProperties: false,
    })
  })

  it('accepts what valueViolations accepts, except for what JSON Schema cannot say', () => {
    const ajv = new Ajv2020({ strictTypes: false })
    const bound = fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined })
    const pattern = fc.option(fc.constantFrom('^a.b$', '[^\\s]', '\\w+\\z', '^[\\-ab]{2,}', '\\$|t'), {
      nil: undefined,
    })
    const definitions: fc.Arbitrary<ValueDefinition> = fc.record({
      type: fc.constantFrom<ValueDefinition['type'][]>('text', 'number', 'boolean', 'options'),
      constraints: fc.record({ required: fc.boolean(), minLength: bound, maxLength: bound, pattern }),
      options: fc.constant<string[]>(['a', 'true', '-1']),
      targets: fc.constant<ValueDefinition['targets']>([]),
    })
    const pieces = fc.constantFrom('a', 'b', 'true', '1', '-', '0', '+', ' ', '\n', '\r', '$', 'T', '_')
    const text = fc.array(pieces, { maxLength: 4 }).map((each) => each.join(''))
    const value = fc.option(text, { nil: undefined })
    fc.assert(
      fc.property(definitions, value, (a, given) => {
        const accepts = ajv.compile(valuesSchema({ a }))
        const violations = valueViolations({ a }, given === undefined ? {} : { a: { value: given } })
        expect(accepts(given === undefined ? {} : { a: given })).toBe(violations.length === 0)
        expect(accepts({ ...(given !== undefined && { a: given }), b: 'x' })).toBe(false)
      }),
      searching(500),
    )
  })

  it('has patterns that match as those of RE2 do', () => {
    const pieces = [
      ...['a', 'b', '.', '\\.', '^', '$', '|', '(', '(?:', ')', '*', '+', '?', '{2}', '{1,}', '{0,2}', '\\d'],
      ...[
        '\\w',
        '\\W',
        '\\s',
        '\\S',
        '\\b',
        '\\A',
        '\\z',
        '[a-c]',
        '[^a]',
        '[\\s.-]',
        '[\\w-]',
        '\\-',
        '\\_',
      ],
      ...['-', ' ', '\\n', '\\t', '\\\\', '\\/', '{', ']', '[', '(?i)', '\\v'],
    ]
    const pattern = fc.array(fc.constantFrom(...pieces), { maxLength: 6 }).map((each) => each.join(''))
    const letters = fc.constantFrom(
      'a',
      'b',
      'c',
      '1',
      '.',
      '-',
      '_',
      ' ',
      '\n',
      '\r',
      '\v',
      '\u2028',
      '\\',
      '/',
      'ü',
      '𝄞',
    )
    const texts = fc.array(
      fc.array(letters, { maxLength: 5 }).map((each) => each.join('')),
      { minLength: 5 },
    )
    let compared = 0
    fc.assert(
      fc.property(pattern, texts, (re2, examples) => {
        const patterns = new Re2Patterns()
        const { pattern: ecma } =
          valuesSchema({ a: definition({ type: 'text', constraints: { pattern: re2 } }) }).properties.a ?? {}
        if (patterns.problemOf(re2) !== undefined || ecma === undefined) return
        compared++
        for (const text of examples) expect(new RegExp(ecma, 'u').test(text)).toBe(patterns.test(re2, text))
      }),
      searching(3000),
    )
    expect(compared).toBeGreaterThan(500)
  })
})
