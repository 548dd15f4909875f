import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeText } from '../../../src/domain/merge/merge-text.ts'
import { git } from '../../support/git.ts'
import { searching } from '../../support/sizes.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const lines = (words: readonly string[]): string => words.map((word) => `${word}\n`).join('')

/** Unique lines, so that there is only one way to align two texts. */
const text = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { maxLength: 12 })

/** Removes some lines and inserts unique ones. */
function edited(words: readonly string[], cuts: readonly number[], name: string): string[] {
  return words.flatMap((word, at) => {
    const cut = cuts[at] ?? 0
    if (cut % 4 === 1) return []
    if (cut % 4 === 2) return [`${name}${at}`]
    return cut % 4 === 3 ? [word, `${name}${at}`] : [word]
  })
}

const cuts = fc.array(
  fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) }),
  { maxLength: 12 },
)

describe('mergeText', () => {
  it('takes the text of the side that alone changed it', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(mergeText(a, b, a, 'upstream')).toEqual({ text: b, conflicts: [] })
        expect(mergeText(a, a, b, 'local')).toEqual({ text: b, conflicts: [] })
        expect(mergeText(a, b, b, 'local')).toEqual({ text: b, conflicts: [] })
      }),
    )
  })

  it('keeps the changed lines of both sides, or locates the conflict', () => {
    fc.assert(
      fc.property(text, cuts, cuts, (words, mine, theirs) => {
        const [local, upstream] = [edited(words, mine, 'L'), edited(words, theirs, 'U')]
        const { text: merged = '', conflicts = [] } =
          mergeText(lines(words), lines(local), lines(upstream), 'local') ?? {}
        const there = new Set(merged.split('\n'))
        for (const line of local) if (line.startsWith('L')) expect(there).toContain(line)
        if (conflicts.length === 0) {
          for (const line of upstream) if (line.startsWith('U')) expect(there).toContain(line)
        }
        for (const { from, to } of conflicts) {
          expect(from).toBeLessThanOrEqual(to)
          expect(from).toBeGreaterThan(0)
        }
      }),
    )
  })

  it.runIf(git.found)('gives the result of git merge-file', async () => {
    const folder = await temporaryFolder()
    fc.assert(
      fc.property(text, cuts, cuts, (words, mine, theirs) => {
        const versions = [words, edited(words, mine, 'L'), edited(words, theirs, 'U')].map(lines) as [
          string,
          string,
          string,
        ]
        for (const [at, content] of versions.entries()) writeFileSync(join(folder, String(at)), content)
        for (const side of ['local', 'upstream'] as const) {
          const flag = side === 'local' ? '--ours' : '--theirs'
          const wanted = execFileSync(git.path, ['merge-file', '-p', flag, '1', '0', '2'], {
            cwd: folder,
            encoding: 'utf8',
          })
          expect(mergeText(...versions, side)?.text).toBe(wanted)
        }
      }),
      searching(60),
    )
  })
})
