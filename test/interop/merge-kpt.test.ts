/** What kpt makes of the upgrades of real packages, field by field, and why we make something else of some. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { fieldChanges } from '../../src/package/krm/field-changes.ts'
import { type FieldStep, formatFieldPath } from '../../src/package/krm/field-path.ts'
import { keyedItems } from '../../src/package/krm/list-items.ts'
import { listTypesOf } from '../../src/package/krm/list-types.ts'
import { isPlainList, isPlainMap, type Plain, type PlainMap, samePlain } from '../../src/package/krm/plain.ts'
import type { Conflict } from '../../src/package/merge/conflict.ts'
import { mergeResources } from '../../src/package/merge/merge-resources.ts'
import type { Resources } from '../../src/package/resources.ts'
import { hasCorpus } from '../support/corpus.ts'
import { type CorpusUpgrade, corpusUpgrades, withLocalEdits } from '../support/corpus-upgrades.ts'
import { isRelated, objectsOf, type Placed } from '../support/field-loss.ts'
import { git } from '../support/git.ts'
import { hasOtherUpstreams, type KptUpdate, kpt, kptUpdates } from '../support/kpt.ts'
import { RUNS } from '../support/sizes.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { describeIfThere } from './tool.ts'

const REASONS = [
  'both sides changed the field: kpt takes upstream in silence, here it is a conflict',
  'kpt drops fields that are null',
  'upstream has removed the value: kpt keeps what is null or empty of it',
  'kpt leaves a keyed list in the order that it had, here upstream changes it',
  'a block text ends with its file, without a line feed: kpt reads it without one, here it has one',
] as const
type Reason = (typeof REASONS)[number]

/** All of them take minutes; of one in so many kpt is asked otherwise. */
const EACH = process.env.CI_LONG || RUNS > 1 ? 1 : 6
const DOCUMENT = join(import.meta.dirname, '../../docs/upgrades-of-real-packages.md')

describeIfThere(kpt, 'kpt pkg update', () => {
  const upgrades =
    hasCorpus && git.found
      ? corpusUpgrades()
          .filter((upgrade) => !hasOtherUpstreams(upgrade))
          .filter((_, at) => at % EACH === 0)
      : []

  it.runIf(hasCorpus)('comes to the same where nothing was edited', async () => {
    const some = upgrades.filter(({ to }) => to === 'v3.0.0')
    const updates = await kptUpdates(await temporaryFolder(), some, (files) => files)
    for (const [at, upgrade] of some.entries()) {
      const { conflicts, found } = compare(upgrade, updates[at] as KptUpdate)
      expect(conflicts, upgrade.path).toEqual([])
      expect(new Set(found), upgrade.path).not.toContain(REASONS[0])
    }
  })

  it.runIf(hasCorpus)('differs with local edits for known reasons alone', async () => {
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

Written by \`PKGSERVER_TEST_RUNS=2 npx vitest run test/interop/merge-kpt.test.ts --update\`: each package of the corpus that has a newer version,
edited locally as people do (replicas, an image, a label, a comment, a namespace, a file added and one deleted), and merged with
that version. The columns at the right count the fields in which \`kpt pkg update\` comes to something else, by reason:

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
      const place = field.map((step) => (typeof step === 'string' ? step : '[]'))
      const isConflict = conflicts.some(
        (conflict) => conflict.path === file && isRelated(conflict.field, name),
      )
      const reason = isConflict ? REASONS[0] : reasonOf(field.at(-1), before, after, listTypes(place))
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
  ours: Plain | undefined,
  kpts: Plain | undefined,
  type: ReturnType<ReturnType<typeof listTypesOf>>,
): Reason | undefined {
  if (ours === null && kpts === undefined) return REASONS[1]
  if (ours === undefined && isNothing(withoutKeys(kpts, step))) return REASONS[2]
  if (typeof ours === 'string' && typeof kpts === 'string' && ours.trimEnd() === kpts.trimEnd())
    return REASONS[4]
  const [mine, theirs] = keyedItems([ours, kpts], type) ?? []
  if (mine && theirs && samePlain(byKey(mine), byKey(theirs))) return REASONS[3]
  return undefined
}

function byKey(items: readonly { key: string; value: Plain }[]): PlainMap {
  return Object.fromEntries(items.map(({ key, value }) => [key, value]))
}

/** An item of a list without the fields that tell it apart. */
function withoutKeys(item: Plain | undefined, step: FieldStep | undefined): Plain | undefined {
  if (!isPlainMap(item) || typeof step !== 'object') return item
  return Object.fromEntries(Object.entries(item).filter(([key]) => !Object.hasOwn(step, key)))
}

/** null, or maps and lists of nothing else. */
function isNothing(value: Plain | undefined): boolean {
  if (isPlainList(value)) return value.every(isNothing)
  return value === null || (isPlainMap(value) && Object.values(value).every(isNothing))
}

/** The objects without what kpt notes in them of their upstream, by the names that they have here. */
function comparable(files: Resources): Map<string, Placed> {
  const objects = new Map<string, Placed>()
  for (const [id, object] of objectsOf(files)) {
    const { upstream, upstreamLock, ...value } = object.value
    const metadata = (value.metadata ?? {}) as PlainMap
    const annotations = Object.entries((metadata.annotations ?? {}) as PlainMap).filter(
      ([key]) => key !== MARK,
    )
    const { annotations: _, ...others } = metadata
    const rest = annotations.length > 0 ? { annotations: Object.fromEntries(annotations) } : {}
    const { group, kind } = object.identity
    const name = JSON.stringify([group, kind, metadata.namespace ?? '', metadata.name ?? ''])
    const key = id.startsWith('[') && !objects.has(name) ? name : id
    objects.set(key, { ...object, value: { ...value, metadata: { ...others, ...rest } } as PlainMap })
  }
  return objects
}

const MARK = 'internal.kpt.dev/upstream-identifier'
