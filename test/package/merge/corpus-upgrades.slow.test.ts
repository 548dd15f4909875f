/** All upgrades of the real packages, with local edits. docs/upgrades-of-real-packages.md lists them. */
import { describe, expect, it } from 'vitest'
import { fieldChanges } from '../../../src/package/krm/field-changes.ts'
import { formatFieldPath } from '../../../src/package/krm/field-path.ts'
import { formatIdentity } from '../../../src/package/krm/identity.ts'
import { readKrmFile } from '../../../src/package/krm/krm-file.ts'
import { listTypesOf } from '../../../src/package/krm/list-types.ts'
import { samePlain } from '../../../src/package/krm/plain.ts'
import type { Conflict } from '../../../src/package/merge/conflict.ts'
import { mergeResources } from '../../../src/package/merge/merge-resources.ts'
import type { Resources } from '../../../src/package/resources.ts'
import { hasCorpus } from '../../support/corpus.ts'
import {
  type CorpusUpgrade,
  corpusUpgrades,
  LOCAL,
  withLocalEdits,
  withoutLocalNamespaces,
} from '../../support/corpus-upgrades.ts'
import { isRelated, lostChanges, objectsOf, type Placed } from '../../support/field-loss.ts'

describe.skipIf(!hasCorpus)('upgrades of real packages', () => {
  const upgrades = hasCorpus ? corpusUpgrades() : []

  it('are all there', () => {
    expect(upgrades.filter(({ to }) => to === 'v3.0.0')).toHaveLength(22)
    expect(upgrades.filter(({ to }) => to === 'main')).toHaveLength(46)
  })

  it('give the new version byte for byte where nothing was edited', () => {
    for (const { path, original, upstream } of upgrades) {
      const { resources, conflicts } = mergeResources({ original, local: original, upstream }, 'local')
      expect(conflicts, path).toEqual([])
      const [merged, wanted] = [texts(resources), texts(upstream)]
      if (OWN_FIELDS.test(differences(original.get('Kptfile'), upstream.get('Kptfile')))) {
        // Each package keeps its own name and upstream.
        delete merged.Kptfile
        delete wanted.Kptfile
      }
      expect(merged, path).toEqual(wanted)
    }
  })

  it('lose no edit, change nothing else, and conflict only where both sides changed the same', () => {
    const totals = { edits: 0, clean: 0, withConflicts: 0, conflicts: 0 }
    for (const upgrade of upgrades) {
      const { files, edits } = withLocalEdits(upgrade.original, upgrade.path)
      const conflicts = merge(upgrade, files)
      totals.edits += edits.length
      totals[conflicts.length === 0 ? 'clean' : 'withConflicts']++
      totals.conflicts += conflicts.length
    }
    expect(totals).toMatchInlineSnapshot(`
      {
        "clean": 44,
        "conflicts": 26,
        "edits": 383,
        "withConflicts": 24,
      }
    `)
  })
})

function merge({ path, original, upstream }: CorpusUpgrade, local: Resources): Conflict[] {
  const { resources, conflicts } = mergeResources({ original, local, upstream }, 'local')
  for (const file of resources.keys()) {
    const wasRead = [local, upstream].every((files) => !files.has(file) || reads(files, file))
    expect(!wasRead || reads(resources, file), `${path}: ${file} is not what it was`).toBe(true)
  }
  const before = withoutLocalNamespaces(local)
  const merged = withoutLocalNamespaces(resources)
  const found = conflicts.map((conflict) => ({
    ...conflict,
    object: conflict.object?.replace(` ${LOCAL}`, ' ') ?? null,
  }))
  expect(lostChanges({ original, side: before, merged }, found), path).toEqual([])
  const isOwn = (object: Placed, field: string): boolean =>
    object.path === 'Kptfile' && OWN_FIELDS.test(field)
  expect(lostChanges({ original, side: upstream, merged }, found, isOwn), path).toEqual([])
  expect(namespaces(resources), path).toBe(namespaces(local))
  for (const conflict of found) {
    expect(isChanged(conflict, original, before) && isChanged(conflict, original, upstream), path).toBe(true)
  }
  return conflicts
}

const OWN_FIELDS = /^(?:upstream|upstreamLock|metadata\.name)\b/m

/** The fields of the first object that differ, each in a line. */
function differences(before: Buffer | undefined, now: Buffer | undefined): string {
  const [old, own] = [before, now].map((content) => content && readKrmFile(content)?.documents[0])
  if (!old || !own) return ''
  const changes = fieldChanges(old.value, own.value, listTypesOf(own.identity))
  return changes.map(({ field }) => formatFieldPath(field)).join('\n')
}

function reads(files: Resources, path: string): boolean {
  const content = files.get(path)
  return content !== undefined && objectsOf(new Map([[path, content]])).size > 0
}

function namespaces(files: Resources): number {
  return [...files.values()].join('').split(`namespace: ${LOCAL}`).length
}

/** Whether a side has changed what the conflict is about. */
function isChanged({ object, path, field }: Conflict, original: Resources, side: Resources): boolean {
  if (object === null)
    return Buffer.compare(original.get(path) ?? Buffer.of(), side.get(path) ?? Buffer.of()) !== 0
  const [before, now] = [original, side].map((files) =>
    [...objectsOf(files).values()].find(({ identity }) => formatIdentity(identity) === object),
  )
  if (!before || !now || field === '') return !samePlain(before?.value, now?.value)
  return fieldChanges(before.value, now.value, listTypesOf(now.identity)).some((change) =>
    isRelated(formatFieldPath(change.field), field),
  )
}

function texts(files: Resources): Record<string, string> {
  return Object.fromEntries([...files].map(([path, content]) => [path, Buffer.from(content).toString()]))
}
