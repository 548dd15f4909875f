import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type LineChange, lineChanges, newEffort } from '../../../src/domain/diff/line-changes.ts'
import { searching } from '../../support/sizes.ts'

/** Returns the new lines, made from the old ones and the changes. */
function changed(
  before: readonly string[],
  after: readonly string[],
  changes: readonly LineChange[],
): string[] {
  const lines: string[] = []
  let at = 0
  for (const { oldAt, oldCount, newAt, newCount } of changes) {
    lines.push(...before.slice(at, oldAt))
    expect(newAt).toBe(lines.length)
    lines.push(...after.slice(newAt, newAt + newCount))
    at = oldAt + oldCount
  }
  return [...lines, ...before.slice(at)]
}

function edits(changes: readonly LineChange[]): number {
  return changes.reduce((sum, { oldCount, newCount }) => sum + oldCount + newCount, 0)
}

const letters = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 })

/** Long enough to be cut into pieces, with unique, repeated and moved lines. */
const long = fc.array(fc.oneof(fc.nat({ max: 2_000 }).map(String), fc.constantFrom('{', '}', '')), {
  minLength: 700,
  maxLength: 900,
  size: 'max',
})

describe('lineChanges', () => {
  it('turns one text into the other, by changes that do not touch', () => {
    const versions = fc.oneof({ weight: 20, arbitrary: fc.tuple(letters, letters) }, fc.tuple(long, long))
    fc.assert(
      fc.property(versions, ([before, after]) => {
        const changes = lineChanges(before, after, newEffort())
        expect(changed(before, after, changes)).toEqual(after)
        for (const [index, { oldAt, newAt }] of changes.slice(1).entries()) {
          const last = changes[index] as LineChange
          expect(oldAt - last.oldAt - last.oldCount).toBeGreaterThan(0)
          expect(newAt - last.newAt - last.newCount).toBe(oldAt - last.oldAt - last.oldCount)
        }
      }),
      searching(500),
    )
  })

  it('finds few changes even in a long text that differs in many places', () => {
    const before = Array.from({ length: 50_000 }, (_, line) => (line % 5 === 0 ? '' : `line ${line}`))
    const after = before.map((line, at) => (at % 10 === 3 ? `${line} changed` : line))
    expect(edits(lineChanges(before, after, newEffort()))).toBe(10_000)
  })

  it('returns a single change if the search would take too long', () => {
    const noise = (seed: number) =>
      Array.from({ length: 10_000 }, (_, line) => String((line * line * seed) % 7))
    const effort = { left: newEffort().left / 10 }
    const spent: number[] = []
    for (let file = 0; file < 20; file++) {
      const { left } = effort
      expect(lineChanges(noise(3), noise(5), effort)).toHaveLength(1)
      spent.push(left - effort.left)
    }
    // All files share the effort.
    expect(effort.left).toBeGreaterThanOrEqual(0)
    expect(spent.at(-1)).toBeLessThan((spent[0] ?? 0) / 100)
    expect(lineChanges(['a', 'b', 'c'], ['x', 'b', 'y'], { left: 0 })).toEqual([
      { oldAt: 0, oldCount: 3, newAt: 0, newCount: 3 },
    ])
  })
})
