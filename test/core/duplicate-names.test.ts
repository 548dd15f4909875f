import { expect, it } from 'vitest'
import { hasDuplicateNames } from '../../src/core/duplicate-names.ts'

it.each([
  ['{"a":1,"a":2}', true],
  ['{"a":1,"\\u0061":2}', true],
  ['{"x":{"a":[{"b":1,"b":2}]}}', true],
  ['{"a" : 1 ,\n"a"\t: 2}', true],
  ['{"__proto__":1,"__proto__":2}', true],
  ['{"a":1,"A":2,"b":{"a":1},"c":[{"a":1},{"a":2}]}', false],
  ['{"a":"{\\"a\\":1,\\"a\\":2}"}', false],
  ['{"a":["b","b"],"c":"a","d":"a\\\\"}', false],
  ['["a","a"]', false],
  ['"a"', false],
])('finds a name that stands twice in an object: %s', (text, expected) => {
  expect(hasDuplicateNames(text)).toBe(expected)
})
