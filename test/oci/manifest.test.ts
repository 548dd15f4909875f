/** Manifests that some readers take differently than others. */
import { expect, it, vi } from 'vitest'
import { EMPTY_DESCRIPTOR, parseManifest, parseStoredManifest } from '../../src/oci/manifest.ts'

const EMPTY = JSON.stringify(EMPTY_DESCRIPTOR)
const OTHER = EMPTY.replace('44136', '11111')
const manifest = (fields: string) =>
  Buffer.from(`{"schemaVersion":2,"config":${EMPTY},"layers":[${EMPTY}]${fields}}`)
const withLayer = (fields: string) => manifest('').toString().replace('"layers":[{', `"layers":[{${fields},`)

const AMBIGUOUS: Record<string, string> = {
  'a field twice': `,"layers":[${OTHER}]`,
  'a field twice, once escaped': `,"layer\\u0073":[${OTHER}]`,
  'a field in another case': `,"Layers":[${OTHER}]`,
  'a field with a long s': `,"layer\u017f":[${OTHER}]`,
  'a field with an escaped long s': `,"\\u017fchemaVersion":1`,
  'a field of all capitals': `,"MEDIATYPE":"x"`,
  'a key of an annotation twice': `,"annotations":{"a":"b","a":"c"}`,
  'a key twice in an unknown field': `,"more":[{"x":{"a":1,"b":2,"a":1}}]`,
  'keys that differ in half a surrogate pair': `,"annotations":{"\\ud800":"b","\\ud801":"c"}`,
  'a text with half a surrogate pair': `,"annotations":{"a":"\\udc00"}`,
  'deep nesting': `,"more":${'['.repeat(200)}${']'.repeat(200)}`,
  'more nesting than there is stack': `,"more":${'['.repeat(500_000)}${']'.repeat(500_000)}`,
  'very many values': `,"more":[${'{},'.repeat(300_000)}{}]`,
  'a subject with a field twice': `,"subject":${EMPTY.replace('{', '{"size":2,')}`,
}

it.each(Object.entries(AMBIGUOUS))('refuses %s', (_, fields) => {
  expect(() => parseManifest(manifest(fields))).toThrow(expect.objectContaining({ code: 'invalid_manifest' }))
})

const OF_A_LAYER: Record<string, string> = {
  'a field twice': '"size":3',
  'a field in another case': '"Digest":"sha256:x"',
  'a field with a long s': '"\u017fize":3',
  'URLs with a long s': '"url\u017f":[]',
  'an artifact type that is no text': '"artifactType":5',
  'data that is no text': '"data":[1]',
  'a platform that is no object': '"platform":"linux"',
  'a platform with a field in another case': '"platform":{"OS":"linux"}',
}

it.each(Object.entries(OF_A_LAYER))('refuses a layer with %s', (_, fields) => {
  const bytes = Buffer.from(withLayer(fields))
  expect(() => parseManifest(bytes)).toThrow(expect.objectContaining({ code: 'invalid_manifest' }))
})

it.each(['2e0', '2.0', '20e-1', '2E0'])('refuses a size of %s, which Go does not read', (size) => {
  const bytes = Buffer.from(manifest('').toString().replaceAll('"size":2', `"size":${size}`))
  expect(() => parseManifest(bytes)).toThrow('not written as an integer')
})

it('takes what all readers take alike', () => {
  for (const fields of [
    '',
    `,"annotations":{"a":"b","A":"c","layers":"[1.5, \\"a\\": {}","layer\u017f":"d","\u{1F600}":"\\ud83d\\ude00"}`,
    `,"x-other":{"a":[{"a":1},{"a":1}],"layers":-3}`,
  ]) {
    expect(parseManifest(manifest(fields)), fields).toEqual(JSON.parse(manifest(fields).toString()))
  }
  const platform = '"platform":{"architecture":"arm64","os":"linux"},"data":"e30="'
  expect(() => parseManifest(Buffer.from(withLayer(platform)))).not.toThrow()
  expect(() => parseManifest(Buffer.from(withLayer('"platform":null,"data":null')))).not.toThrow()
})

it('does not compare long names with known fields', () => {
  const folding = vi.spyOn(String.prototype, 'toUpperCase')
  parseManifest(manifest(`,"${'ΐ'.repeat(100_000)}":1,"other":2`))
  expect(folding.mock.contexts.map((name) => `${name}`)).toEqual(['other'])
  folding.mockRestore()
})

it('still reads what an earlier release has accepted', () => {
  const bytes = manifest(AMBIGUOUS['a field with a long s'] ?? '')
  expect(parseStoredManifest(bytes)).toMatchObject({ schemaVersion: 2 })
})

it('refuses what is not JSON', () => {
  for (const text of ['{"a', '[', '"\\', '{"a":"'.repeat(1000), '\\u'.repeat(1000)]) {
    expect(() => parseManifest(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'invalid_manifest' }),
    )
  }
})
