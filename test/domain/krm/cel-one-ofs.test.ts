import { describe, expect, it } from 'vitest'
import { celOneOf } from '../../../src/domain/krm/cel-one-ofs.ts'
import { choice, union } from '../../../src/domain/krm/one-ofs.ts'
import { cpuTimer } from '../../support/cpu-time.ts'

describe('celOneOf', () => {
  it.each([
    'has(self.a) != has(self.b)',
    '!has(self.a) == has(self.b)',
    'has(self.a) == !has(self.b)',
    '!(has(self.a) && has(self.b))',
    '!has(self.a) || !has(self.b)',
    '(has(self.a) && !has(self.b)) || (!has(self.a) && has(self.b))',
    'has(self.a) ? !has(self.b) : has(self.b)',
    '[has(self.a), has(self.b)].filter(x, x == true).size() == 1',
    '[has(self.a),has(self.b)].filter(x,x==true).size() <= 1',
    '(has(self.a) ? 1 : 0) + (has(self.b) ? 1 : 0) == 1',
  ])('reads a choice: %s', (rule) => {
    expect(celOneOf(rule)).toEqual(choice('a', 'b'))
  })

  it.each([
    ["self.type == 'A' ? has(self.a) : !has(self.a)", ['A']],
    ["has(self.type) && self.type == 'A' ? has(self.a) : !has(self.a)", ['A']],
    ['!has(self.a) || self.type == "A"', ['A']],
    ["!has(self.a) || (self.type == 'A' || self.type == 'B b')", ['A', 'B b']],
    ["!has(self.a) || self.type in ['A', 'B']", ['A', 'B']],
    ["!(has(self.a) && self.type != 'A')", ['A']],
  ])('reads a field that depends on a type: %s', (rule, types) => {
    expect(celOneOf(rule)).toEqual(union('type', { a: types }))
  })

  it.each([
    '',
    'has(self.a) || has(self.b)',
    'has(self.a) && has(self.b)',
    '!(has(self.a) && has(self.b) && has(self.c))',
    'has(self.a) == has(self.b)',
    'has(self.a) != has(self.a)',
    '[has(self.a), has(self.b)].filter(x, x == true).size() == 2',
    "!has(self.a) || self.type == 'A' || self.kind == 'B'",
    "!has(self.a) || self.type != 'A'",
    'self.a == oldSelf.a',
  ])('does not guess: %s', (rule) => {
    expect(celOneOf(rule)).toBeUndefined()
  })

  it('reads hostile rules in linear time', () => {
    const spent = cpuTimer()
    for (const part of [
      '(',
      '(has(self.a)?1:0)+',
      '[has(self.a),',
      '!has(self.a)||',
      ' ',
      "'",
      '(has(self.a)',
    ]) {
      expect(celOneOf(part.repeat(2_000 / part.length))).toBeUndefined()
      expect(celOneOf(part.repeat(100_000))).toBeUndefined()
    }
    expect(spent()).toBeLessThan(1_000)
  })
})
