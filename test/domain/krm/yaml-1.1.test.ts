import { describe, expect, it } from 'vitest'
import { fieldOf, type JsonValue, jsonOf } from '../../../src/domain/krm/json-value.ts'
import { parseSource } from '../../../src/domain/krm/source-text.ts'
import { isAmbiguous } from '../../../src/domain/krm/yaml-1.1.ts'
import { inspectDocument } from '../../../src/domain/validation/inspect-document.ts'
import { isAsRead, KEY_FORMS, MERGE_FORMS, SCALAR_FORMS, type YamlForm } from '../../support/yaml-forms.ts'

/** Returns the value of a file; undefined if it is refused. */
function readValue(text: string): JsonValue | undefined {
  const document = parseSource(text)
  const isRefused = document.errors.length > 0 || inspectDocument(document).length > 0
  return isRefused ? undefined : jsonOf(document.contents, document)
}

/** Returns the forms that are read in another way. */
function differences(forms: readonly YamlForm[]): unknown[] {
  return forms
    .map(({ text, value }) => ({ text, value, read: readValue(text) }))
    .filter(({ value, read }) => !isAsRead(read, value))
}

describe('YAML 1.1', () => {
  it.each([
    ['scalar', SCALAR_FORMS, 600],
    ['key', KEY_FORMS, 80],
    ['merge key', MERGE_FORMS, 40],
  ])('reads every form of a %s as sigs.k8s.io/yaml does', (_, forms, least) => {
    expect(forms.length).toBeGreaterThan(least)
    expect(differences(forms)).toEqual([])
  })
})

describe('isAmbiguous', () => {
  it('asks for quotes where a reader of YAML 1.1 or 1.2 takes a text for another type', () => {
    for (const text of ['yes', 'n', 'On', '~', '', '0644', '0o644', '1_000', '1.10', '1e3', '.inf', '.nan']) {
      expect(isAmbiguous(text), text).toBe(true)
    }
    for (const text of [
      '1:30',
      '190:20:30.15',
      '2001-01-01',
      '2001-12-14 21:59:43.10 -5',
      '1e999',
      '=',
      '<<',
    ]) {
      expect(isAmbiguous(text), text).toBe(true)
    }
    for (const text of ['yEs', 'nil', 'v1', '1.10.0', '12Ki', '100m', '10.0.0.1', 'a:b', '1a', 'none']) {
      expect(isAmbiguous(text), text).toBe(false)
    }
  })

  it('asks for quotes for the text of every plain scalar that is no text', () => {
    const plain = SCALAR_FORMS.filter(({ text }) => /^v: [-+.~\w]+$/.test(text))
    for (const { text, value } of plain) {
      if (typeof fieldOf(value, 'v') !== 'string') expect(isAmbiguous(text.slice(3)), text).toBe(true)
    }
  })
})
