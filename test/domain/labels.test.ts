import { describe, expect, it } from 'vitest'
import { parseLabelSelector } from '../../src/domain/label-selector.ts'
import { annotationsProblem, keyProblem, labelValueProblem } from '../../src/domain/labels.ts'

describe('keyProblem', () => {
  it.each(['a', 'app.kubernetes.io/name', 'A_b.c-1', `${'x'.repeat(63)}`, `${'a'.repeat(253)}/x`])(
    'accepts %s',
    (key) => {
      expect(keyProblem(key)).toBeUndefined()
    },
  )
  it.each([
    '',
    '/',
    'a/',
    '/a',
    'a/b/c',
    '-a',
    'a b',
    'Example.com/a',
    'x'.repeat(64),
    `${'a'.repeat(254)}/x`,
    '__proto__',
  ])('refuses %j', (key) => expect(keyProblem(key)).toMatch(/must be/))
})

describe('labelValueProblem', () => {
  it.each(['', 'a', 'A.b_c-1', 'x'.repeat(63)])('accepts %j', (value) =>
    expect(labelValueProblem(value)).toBeUndefined(),
  )
  it.each(['-', 'a ', 'ä', 'a/b', 'x'.repeat(64)])('refuses %j', (value) =>
    expect(labelValueProblem(value)).toMatch(/must be/),
  )
})

describe('annotationsProblem', () => {
  it('limits all annotations together to 256 KiB', () => {
    expect(annotationsProblem({ a: 'x'.repeat(256 * 1024 - 1) })).toBeUndefined()
    expect(annotationsProblem({ a: 'x'.repeat(256 * 1024) })).toMatch(/262145 bytes together; at most 262144/)
  })
})

describe('parseLabelSelector', () => {
  it.each([
    ['', []],
    ['env=prod', [{ key: 'env', operator: 'in', values: ['prod'] }]],
    ['env == prod', [{ key: 'env', operator: 'in', values: ['prod'] }]],
    ['env!=prod', [{ key: 'env', operator: 'notin', values: ['prod'] }]],
    ['env=', [{ key: 'env', operator: 'in', values: [''] }]],
    ['env in (a, b)', [{ key: 'env', operator: 'in', values: ['a', 'b'] }]],
    ['env notin (a,b)', [{ key: 'env', operator: 'notin', values: ['a', 'b'] }]],
    ['env', [{ key: 'env', operator: 'exists' }]],
    ['!env', [{ key: 'env', operator: 'absent' }]],
    ['in', [{ key: 'in', operator: 'exists' }]],
    [
      'example.com/env in (a, b), !x ,y=z',
      [
        { key: 'example.com/env', operator: 'in', values: ['a', 'b'] },
        { key: 'x', operator: 'absent' },
        { key: 'y', operator: 'in', values: ['z'] },
      ],
    ],
  ])('parses %j', (text, requirements) => expect(parseLabelSelector(text)).toEqual(requirements))

  it.each([
    ',',
    'a,',
    'a b',
    'env in',
    'env in ()x',
    'env in (a',
    'env=a=b',
    '!',
    '=a',
    'a=b c',
    'env in (a(b))',
    Array(101).fill('a=b').join(),
  ])('refuses %j', (text) => expect(() => parseLabelSelector(text)).toThrow(/^the label selector has /))

  it('refuses a million commas without comparing each with all others', () =>
    expect(() => parseLabelSelector(','.repeat(1_000_000))).toThrow(/more than 100 requirements/))
})
