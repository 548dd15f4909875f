/**
 * The tables of `fixtures/yaml-forms`: every form of a scalar, a key and a merge key, with the value that
 * sigs.k8s.io/yaml reads. Each line has forms, with two spaces between them, and their value as JSON: `yes  on → true`.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseExact } from '../../src/core/exact-json.ts'
import {
  fieldOf,
  isJsonArray,
  isJsonObject,
  type JsonValue,
  sameJson,
} from '../../src/domain/krm/json-value.ts'

const FOLDER = join(import.meta.dirname, '../fixtures/yaml-forms')

/** What stands for white space, so that it can be seen. */
const SIGNS: Record<string, string> = { '⏎': '\n', '␣': ' ', '⇥': '\t', '∅': '' }

/** A file with one form; no value means that readers refuse it. */
export type YamlForm = { text: string; value?: JsonValue }

export const SCALAR_FORMS: readonly YamlForm[] = table(
  'scalars',
  (form) => `v: ${form}`,
  (v) => ({ v }),
)
export const KEY_FORMS: readonly YamlForm[] = table(
  'keys',
  (form) => `${form}: v`,
  (key) => Object.fromEntries([[String(key), 'v']]),
)
export const MERGE_FORMS: readonly YamlForm[] = table(
  'merge-keys',
  (form) => form,
  (value) => value,
)

function table(
  file: string,
  textOf: (form: string) => string,
  around: (value: JsonValue) => JsonValue,
): YamlForm[] {
  const lines = readFileSync(join(FOLDER, `${file}.txt`), 'utf8').split('\n')
  return lines.flatMap((line) => {
    const [, forms, value] = /^(.*) → (.*)$/.exec(line) ?? []
    if (forms === undefined || value === undefined) return []
    return forms.split('  ').map((signs) => {
      const form = signs.replace(/[⏎␣⇥∅]/g, (sign) => SIGNS[sign] ?? '')
      if (value === 'refused') return { text: textOf(form) }
      return {
        text: textOf(form),
        value: around(value === 'itself' ? form : (parseExact(value) as JsonValue)),
      }
    })
  })
}

/**
 * Reports whether a value is what readers read. They write floats with the fewest digits that make the same float, so a
 * large one is no longer itself.
 */
export function isAsRead(value: JsonValue | undefined, read: JsonValue | undefined): boolean {
  if (typeof value === 'number' && typeof read === 'bigint') return String(value) === String(read)
  if (isJsonArray(value) && isJsonArray(read)) {
    return value.length === read.length && value.every((item, at) => isAsRead(item, read[at]))
  }
  if (!isJsonObject(value) || !isJsonObject(read)) return sameJson(value, read)
  const keys = Object.keys(value)
  return (
    keys.length === Object.keys(read).length && keys.every((key) => isAsRead(value[key], fieldOf(read, key)))
  )
}
