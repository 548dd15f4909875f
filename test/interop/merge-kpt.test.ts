/** Compares upgrades of real packages with those of kpt, field by field, and gives the reason of each difference. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { fieldChanges } from '../../src/domain/krm/field-changes.ts'
import { type FieldStep, formatFieldPath } from '../../src/domain/krm/field-path.ts'
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  sameJson,
} from '../../src/domain/krm/json-value.ts'
import { keyedItems } from '../../src/domain/krm/list-items.ts'
import { listTypesOf } from '../../src/domain/krm/list-types.ts'
import type { Conflict } from '../../src/domain/merge/conflict.ts'
import { mergeResources } from '../../src/domain/merge/merge-resources.ts'
import type { Resources } from '../../src/domain/resources.ts'
import { hasCorpus } from '../support/corpus.ts'
import { type CorpusUpgrade, corpusUpgrades, withLocalEdits } from '../support/corpus-upgrades.ts'
import { isRelated, objectsOf, type Placed, placeOf } from '../support/field-loss.ts'
import { git } from '../support/git.ts'
import { hasOtherUpstreams, type KptUpdate, kpt, kptUpdates } from '../support/kpt.ts'
import { RUNS } from '../support/sizes.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { describeIfThere } from './tool.ts'

const REASONS = [
  'both sides changed the field: kpt silently takes upstream, here it is a conflict',
  'kpt drops null fields',
  'upstream removed the value: kpt keeps what is null or empty in it',
  'kpt keeps the order of a keyed list, here upstream changes it',
  'a block scalar ends with its file, without a line feed: kpt drops the line feed, here it stays',
] as const
type Reason = (typeof REASONS)[number]

/** All of them take minutes, so by default only every sixth is compared. */
const EACH = process.env.CI_LONG || RUNS > 1 ? 1 : 6
const DOCUMENT = join(import.meta.dirname, '../../docs/upgrades-of-real-packages.md')

describeIfThere(kpt, 'kpt pkg update', () => {
  const upgrades =
    hasCorpus && git.found
      ? corpusUpgrades()
          .filter((upgrade) => !hasOtherUpstreams(upgrade))
          .filter((_, at) => at % EACH === 0)
      : []

  it.runIf(hasCorpus)('gives the same result if nothing was edited', async () => {
    const some = upgrades.filter(({ to }) => to === 'v3.0.0')
    const updates = await kptUpdates(await temporaryFolder(), some, (files) => files)
    for (const [at, upgrade] of some.entries()) {
      const { conflicts, found } = compare(upgrade, updates[at] as KptUpdate)
      expect(conflicts, upgrade.path).toEqual([])
      expect(new Set(found), upgrade.path).not.toContain(REASONS[0])
    }
  })

  it.runIf(hasCorpus)('differs with local edits only for known reasons', async () => {
    const updates = await kptUpdates(
      await temporaryFolder(),
      upgrades,
      (files, { path }) => withLocalEdits(files, path).files,
    )
    const rows = upgrades.map((upgrade, at) => {
      const { conflicts, objects, found } = compare(upgrade, updates[at] as KptUpdate)
      const { path, from, to, original } = upgrade
      const counts = REASONS.map((reason) => found.filter((other) => other === reason).length || '')
      const outcome = conflicts.length === 0 ? 'clean' : `${conflicts.length} in conflict`
      return `| ${[path, `${from} → ${to}`, original.size, objects, outcome, ...counts].join(' | ')} |`
    })
    if (EACH === 1) return expect(table(rows)).toMatchFileSnapshot(DOCUMENT)
    const document = await readFile(DOCUMENT, 'utf8')
    for (const row of rows) expect(document).toContain(row)
  })
})

function table(rows: readonly string[]): string {
  const reasons = REASONS.map((reason, at) => `${at + 1}. ${reason}`).join('\n')
  const head = ['package', 'versions', 'files', 'objects', 'merge', ...REASONS.map((_, at) => at + 1)]
  return `# Upgrades of real packages

Written by \`PKGSERVER_TEST_RUNS=2 npx vitest run test/interop/merge-kpt.test.ts --update\`.

Each package of the corpus that has a newer version was edited locally as users do (replicas, an image, a label, a comment, a
namespace, a file added and one deleted), and merged with that version. The columns on the right count the fields for which
\`kpt pkg update\` gives a different result, by reason:

${reasons}

| ${head.join(' | ')} |
|${head.map(() => '---').join('|')}|
${rows.join('\n')}
`
}

function compare(
  { path, original, upstream }: CorpusUpgrade,
  { local, updated }: KptUpdate,
): { conflicts: Conflict[]; objects: number; found: Reason[] } {
  const { resources, conflicts } = mergeResources({ original, local, upstream }, 'local')
  const [ours, theirs] = [comparable(resources), comparable(updated)]
  expect([...ours.keys()].sort(), path).toEqual([...theirs.keys()].sort())
  const found: Reason[] = []
  for (const [key, { value, identity, path: file }] of ours) {
    const listTypes = listTypesOf(identity)
    for (const { field, before, after } of fieldChanges(value, theirs.get(key)?.value ?? {}, listTypes)) {
      const name = formatFieldPath(field)
      const isConflict = conflicts.some(
        (conflict) => conflict.path === file && isRelated(conflict.field, name),
      )
      const reason = isConflict
        ? REASONS[0]
        : reasonOf(field.at(-1), before, after, listTypes(placeOf(field)))
      expect(
        reason,
        `${path} ${key} ${name}: ${JSON.stringify(before)}, kpt ${JSON.stringify(after)}`,
      ).toBeDefined()
      if (reason) found.push(reason)
    }
  }
  return { conflicts, objects: ours.size, found }
}

function reasonOf(
  step: FieldStep | undefined,
  ours: JsonValue | undefined,
  kpts: JsonValue | undefined,
  type: ReturnType<ReturnType<typeof listTypesOf>>,
): Reason | undefined {
  if (ours === null && kpts === undefined) return REASONS[1]
  if (ours === undefined && isNothing(withoutKeys(kpts, step))) return REASONS[2]
  if (typeof ours === 'string' && typeof kpts === 'string' && ours.trimEnd() === kpts.trimEnd())
    return REASONS[4]
  const [mine, theirs] = keyedItems([ours, kpts], type) ?? []
  if (mine && theirs && sameJson(byKey(mine), byKey(theirs))) return REASONS[3]
  return undefined
}

function byKey(items: readonly { key: string; value: JsonValue }[]): JsonObject {
  return Object.fromEntries(items.map(({ key, value }) => [key, value]))
}

/** Returns an item of a list without its key fields. */
function withoutKeys(item: JsonValue | undefined, step: FieldStep | undefined): JsonValue | undefined {
  if (!isJsonObject(item) || typeof step !== 'object') return item
  return Object.fromEntries(Object.entries(item).filter(([key]) => !Object.hasOwn(step, key)))
}

/** Reports whether a value is null, or has nothing but nulls in maps and lists. */
function isNothing(value: JsonValue | undefined): boolean {
  if (isJsonArray(value)) return value.every(isNothing)
  return value === null || (isJsonObject(value) && Object.values(value).every(isNothing))
}

/** Returns the objects by their local names, without what kpt notes of their upstream. */
function comparable(files: Resources): Map<string, Placed> {
  const objects = new Map<string, Placed>()
  for (const [id, object] of objectsOf(files)) {
    const { upstream, upstreamLock, ...value } = object.value
    const metadata = (value.metadata ?? {}) as JsonObject
    const annotations = Object.entries((metadata.annotations ?? {}) as JsonObject).filter(
      ([key]) => key !== MARK,
    )
    const { annotations: _, ...others } = metadata
    const rest = annotations.length > 0 ? { annotations: Object.fromEntries(annotations) } : {}
    const { group, kind } = object.identity
    const name = JSON.stringify([group, kind, metadata.namespace ?? '', metadata.name ?? ''])
    const key = id.startsWith('[') && !objects.has(name) ? name : id
    objects.set(key, { ...object, value: { ...value, metadata: { ...others, ...rest } } as JsonObject })
  }
  return objects
}

const MARK = 'internal.kpt.dev/upstream-identifier'
