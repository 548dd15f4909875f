import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SEES_ALL } from '../../../src/domain/access/visible-set.ts'
import type { RevisionChange } from '../../../src/domain/change.ts'
import { WatchFilter } from '../../../src/service/watch/watch-filter.ts'
import { WatchGroup } from '../../../src/service/watch/watch-group.ts'

function change(resourceVersion: number, workspace: string): RevisionChange {
  const revision = { workspace } as RevisionChange['revision']
  return { resourceVersion, type: 'added', revision, was: {}, bytes: 1 }
}

it('wakes only for changes that concern the filter, and skips none of them from any position', async () => {
  const portions = fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(portions, async (all) => {
      const group = new WatchGroup(new WatchFilter({ workspace: 'mine' }, SEES_ALL))
      const wanted: number[] = []
      let position = 0
      for (const portion of all) {
        let woken = false
        void group.wait().then(() => {
          woken = true
        })
        const from = position
        const changes = portion.map((mine) => change(++position, mine ? 'mine' : 'other'))
        wanted.push(...changes.filter((_, at) => portion[at]).map(({ resourceVersion }) => resourceVersion))
        group.receive(changes, from)
        await Promise.resolve()
        expect(woken).toBe(portion.includes(true))
        group.wake()
        for (let at = 0; at <= position; at++) {
          const to = group.skip(at)
          expect(to).toBeGreaterThanOrEqual(at)
          expect(wanted.filter((one) => one > at && one <= to)).toEqual([])
        }
      }
    }),
  )
})

it('lets a watcher skip all changes before the one that wakes it', () => {
  const group = new WatchGroup(new WatchFilter({ workspace: 'mine' }, SEES_ALL))
  for (let at = 0; at < 1000; at++) group.receive([change(at + 1, 'other')], at)
  group.receive([change(1001, 'mine')], 1000)
  expect(group.skip(0)).toBe(1000)
})
