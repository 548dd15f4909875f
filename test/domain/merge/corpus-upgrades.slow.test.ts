/** All upgrades of the real packages, with local edits. docs/upgrades-of-real-packages.md lists them. */
import { describe, expect, it } from 'vitest'
import { fieldChanges } from '../../../src/domain/krm/field-changes.ts'
import { formatFieldPath } from '../../../src/domain/krm/field-path.ts'
import { formatIdentity } from '../../../src/domain/krm/identity.ts'
import { sameJson } from '../../../src/domain/krm/json-value.ts'
import { readKrmFile } from '../../../src/domain/krm/krm-file.ts'
import { listTypesOf } from '../../../src/domain/krm/list-types.ts'
import type { Conflict } from '../../../src/domain/merge/conflict.ts'
import { mergeResources } from '../../../src/domain/merge/merge-resources.ts'
import type { Resources } from '../../../src/domain/resources.ts'
import { hasCorpus } from '../../support/corpus.ts'
import {
  type CorpusUpgrade,
  corpusUpgrades,
  LOCAL,
  withLocalEdits,
  withoutLocalNamespaces,
} from '../../support/corpus-upgrades.ts'
import { isRelated, lostChanges, objectsOf, type Placed } from '../../support/field-loss.ts'
import { textsOf } from '../../support/texts.ts'

describe.skipIf(!hasCorpus)('a merge of real upgrades', () => {
  const upgrades = hasCorpus ? corpusUpgrades() : []

  it('covers the whole corpus', () => {
    expect(upgrades.filter(({ to }) => to === 'v3.0.0')).toHaveLength(22)
    expect(upgrades.filter(({ to }) => to === 'main')).toHaveLength(46)
  })

  it('gives the new version byte for byte if nothing was edited', () => {
    for (const { path, original, upstream } of upgrades) {
      const { resources, conflicts } = mergeResources({ original, local: original, upstream }, 'local')
      expect(conflicts, path).toEqual([])
      const [merged, wanted] = [textsOf(resources), textsOf(upstream)]
      if (OWN_FIELDS.test(differences(original.get('Kptfile'), upstream.get('Kptfile')))) {
        // Each package keeps its own name and upstream.
        delete merged.Kptfile
        delete wanted.Kptfile
      }
      expect(merged, path).toEqual(wanted)
    }
  })

  it('loses no edit, changes nothing else, and conflicts only if both sides changed the same field', () => {
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
    expect(!wasRead || reads(resources, file), `${path}: ${file} no longer parses`).toBe(true)
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

/** Returns the fields that differ in the first object, one a line. */
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

/** Reports whether a side changed the value in conflict. */
function isChanged({ object, path, field }: Conflict, original: Resources, side: Resources): boolean {
  if (object === null)
    return Buffer.compare(original.get(path) ?? Buffer.of(), side.get(path) ?? Buffer.of()) !== 0
  const [before, now] = [original, side].map((files) =>
    [...objectsOf(files).values()].find(({ identity }) => formatIdentity(identity) === object),
  )
  if (!before || !now || field === '') return !sameJson(before?.value, now?.value)
  return fieldChanges(before.value, now.value, listTypesOf(now.identity)).some((change) =>
    isRelated(formatFieldPath(change.field), field),
  )
}
