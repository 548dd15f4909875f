/** Merges of objects in every notation of YAML. A longer search: PKGSERVER_TEST_RUNS=100. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { withField } from '../../../src/domain/krm/edit-object.ts'
import { fieldChanges } from '../../../src/domain/krm/field-changes.ts'
import { isJsonObject, type JsonObject, sameJson } from '../../../src/domain/krm/json-value.ts'
import { kindRules } from '../../../src/domain/krm/kind-rules.ts'
import { readKrmFile } from '../../../src/domain/krm/krm-file.ts'
import { mergeValues } from '../../../src/domain/merge/merge-values.ts'
import { readYamlFile } from '../../../src/domain/validation/yaml-file.ts'
import { mergedFile } from '../../support/merging.ts'
import {
  edited,
  type Notation,
  nastyEdits,
  nastyObject,
  notation,
  prepared,
  renderNasty,
} from '../../support/nasty-yaml.ts'
import { searching } from '../../support/sizes.ts'

const IDENTITY = { group: 'apps', kind: 'Deployment', namespace: '', name: 'x', generateName: '' }
const RULES = kindRules(() => new Map())({ identity: IDENTITY, value: {} })
const TYPES = RULES.listType

const versions = fc.record({ object: nastyObject, local: nastyEdits, upstream: nastyEdits, style: notation })

type Texts = readonly [original: string, local: string, upstream: string]

function textsOf({
  object,
  local,
  upstream,
  style,
}: typeof versions extends fc.Arbitrary<infer T> ? T : never): Texts {
  const original = prepared(object)
  const render = (side: typeof original, own: Notation): string => renderNasty(side, own)
  return [
    render(original, style),
    render(edited(original, local, 'l'), style),
    render(edited(original, upstream, 'u'), style),
  ]
}

function objectOf(text: string): JsonObject {
  const value = readKrmFile(Buffer.from(text))?.documents[0]?.value
  if (!value)
    throw new Error(`cannot be read: ${readYamlFile(Buffer.from(text)).errors[0]?.message}\n${text}`)
  return value
}

it('has the merged value, and is valid', () => {
  fc.assert(
    fc.property(versions, (input) => {
      const texts = textsOf(input)
      const [original, local, upstream] = texts.map(objectOf) as [JsonObject, JsonObject, JsonObject]
      const { text = '', conflicts } = mergedFile(texts)
      const wanted = mergeValues({ original, local, upstream }, RULES, 'local')
      expect(conflicts.map(({ field }) => field)).not.toContain('')
      expect(sameJson(objectOf(text), wanted.value)).toBe(true)
      expect(readYamlFile(Buffer.from(text)).errors).toEqual([])
    }),
    searching(100),
  )
})

it('keeps each comment that no side touched, and doubles none', () => {
  fc.assert(
    fc.property(versions, (input) => {
      const texts = textsOf(input)
      // Comments are copied with aliases that are written out.
      fc.pre(!hasMergeKeyBelow(input) && !JSON.stringify(input).includes('"alias"'))
      const { text = '' } = mergedFile(texts)
      const merged = countsOf(commentsIn(text))
      for (const [comment, count] of untouched(texts.map(commentsIn))) {
        const found = merged.get(comment) ?? 0
        expect(found, `${comment} in\n${text}`).toBeGreaterThanOrEqual(count)
        // A side may have moved it to another item, which is copied with it.
        const lines = new Set(texts.map((own) => own.split('\n').find((line) => line.includes(comment))))
        if (lines.size === 1) expect(found, `${comment} in\n${text}`).toBe(count)
      }
    }),
    searching(100),
  )
})

function commentsIn(text: string): string[] {
  return text.match(/# \w+(?:above|behind|below)/g) ?? []
}

it('keeps each line that no side touched, byte for byte', () => {
  fc.assert(
    fc.property(versions, (input) => {
      const texts = textsOf(input)
      fc.pre(!hasMergeKeyBelow(input))
      const { text = '' } = mergedFile(texts)
      const merged = countsOf(linesIn(text))
      for (const [line, count] of untouched(texts.map(linesIn))) {
        expect(merged.get(line) ?? 0, `${line} in\n${text}`).toBeGreaterThanOrEqual(count)
      }
    }),
    searching(100),
  )
})

/**
 * Leaves out aliases, which may be written out; keys, whose maps may become empty; brackets, behind which parts may be
 * added; comments, which have a test of their own; and equal values, of which one may be removed for the other.
 */
function linesIn(text: string): string[] {
  const lines = text.replace(/,(?= #|\r?$)/gm, '').split('\n')
  return lines.filter(
    (line) => line.trim() !== '' && !/\*a|<<|none|^\s*[\]}#]|0o?644|yes|true|null|~|:\r?$/.test(line),
  )
}

/** Yields what all versions have the same number of times. */
function* untouched(versions: readonly string[][]): Generator<[string, number]> {
  const [original, ...others] = versions.map(countsOf)
  for (const [part, count] of original ?? []) {
    if (others.every((other) => other.get(part) === count)) yield [part, count]
  }
}

function countsOf(parts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const part of parts) counts.set(part, (counts.get(part) ?? 0) + 1)
  return counts
}

/** Reports whether fields may stand above a merge key that has them too, which then have no effect. */
function hasMergeKeyBelow(input: unknown): boolean {
  return JSON.stringify(input).includes('"key":"<<","explicit":true')
}

it('lists exactly the fields that differ', () => {
  fc.assert(
    fc.property(versions, (input) => {
      const [, local, upstream] = textsOf(input).map(objectOf) as [JsonObject, JsonObject, JsonObject]
      const changes = fieldChanges(local, upstream, TYPES)
      expect(changes.length === 0).toBe(sameJson(local, upstream))
      for (const { field, before, after } of changes)
        expect(sameJson(before, after), String(field)).toBe(false)
      const applied = changes.reduce((now, { field, after }) => {
        const next = withField(now, field, after)
        return isJsonObject(next) ? next : {}
      }, local)
      expect(fieldChanges(applied, upstream, TYPES).filter(({ before }) => !Array.isArray(before))).toEqual(
        [],
      )
    }),
    searching(100),
  )
})
