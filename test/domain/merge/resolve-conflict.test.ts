import { describe, expect, it } from 'vitest'
import type { Conflict, Side } from '../../../src/domain/merge/conflict.ts'
import { withSide, withValue } from '../../../src/domain/merge/resolve-conflict.ts'
import { isEdited, merged } from '../../support/merging.ts'
import { resourcesOf, type Texts, textsOf } from '../../support/texts.ts'

const ONE = `apiVersion: v1
kind: ConfigMap
metadata:
  name: one
data:
  a: '1' # about a
  b: 1
`
const edit = (text: string, a: string, b: number) => text.replace("'1'", a).replace('b: 1', `b: ${b}`)

/** Merges a package, and resolves its conflicts for a side. */
function resolved(original: Texts, local: Texts, upstream: Texts, chosen: Side, side: Side): Texts {
  const { files, conflicts } = merged(original, local, upstream, chosen)
  expect(conflicts.length).toBeGreaterThan(0)
  const theirs = resourcesOf(upstream)
  return textsOf(
    conflicts.reduce((now, conflict) => withSide(conflict, side, now, theirs), resourcesOf(files)),
  )
}

describe('withSide', () => {
  it.each([
    ['a field', { 'a.yaml': ONE }, { 'a.yaml': edit(ONE, '"2"', 2) }, { 'a.yaml': edit(ONE, "'3'", 3) }],
    ['an object that local deleted', { 'a.yaml': ONE }, {}, { 'a.yaml': edit(ONE, "'3'", 3) }],
    ['an object that upstream deleted', { 'a.yaml': ONE }, { 'a.yaml': edit(ONE, "'3'", 3) }, {}],
    ['a text', { 'a.txt': 'a\nb\nc\n' }, { 'a.txt': 'a\nx\nc\n' }, { 'a.txt': 'a\ny\nc\n' }],
    ['a text that local deleted', { 'a.txt': 'a\n' }, {}, { 'a.txt': 'b\n' }],
  ] as const)('gives what the merge would have given for that side: %s', (_, original, local, upstream) => {
    for (const side of ['local', 'upstream'] as const) {
      const atOnce = merged(original, local, upstream, side).files
      for (const chosen of ['local', 'upstream'] as const) {
        const later = resolved(original, local, upstream, chosen, side)
        expect(Object.keys(later)).toEqual(Object.keys(atOnce))
        // The notation of a value is known of upstream only, so one of local comes back in another.
        if (side === 'upstream' || chosen === 'local') expect(later).toEqual(atOnce)
      }
    }
  })
})

describe('a conflict', () => {
  const { files, conflicts } = merged(
    { 'a.yaml': ONE },
    { 'a.yaml': edit(ONE, '"2"', 1) },
    { 'a.yaml': edit(ONE, "'3'", 1) },
  )
  const conflict = conflicts[0] as Conflict
  const before = resourcesOf(files)

  it('takes any value that fits', () => {
    expect(textsOf(withValue(conflict, '4', before))['a.yaml']).toBe(edit(ONE, '"4"', 1))
    expect(textsOf(withValue(conflict, { c: 1 }, before))['a.yaml']).toContain('  a: # about a\n    c: 1\n')
    const whole = { ...conflict, field: '' }
    expect(() => withValue(whole, 'x', before)).toThrow('the value of an object must be a mapping')
    expect(() => withValue({ ...conflict, object: null }, 1, before)).toThrow(
      'a.yaml is a file, so its value must be text',
    )
    expect(() => withValue({ ...conflict, object: 'ConfigMap two' }, 1, before)).toThrow(
      'no longer in the package',
    )
  })

  it('is edited when its own field is, even if the object moved', () => {
    const text = files['a.yaml'] as string
    const isIt = (now: Texts) => isEdited(conflict, before, resourcesOf(now))
    expect(isIt({ 'a.yaml': text })).toBe(false)
    expect(isIt({ 'a.yaml': text.replace('"2"', "'2' # mine").replace('b: 1', 'b: 9') })).toBe(false)
    expect(isIt({ 'b.yaml': text })).toBe(false)
    expect(isIt({ 'a.yaml': text.replace('"2"', '"5"') })).toBe(true)
    expect(isIt({})).toBe(true)
  })
})
