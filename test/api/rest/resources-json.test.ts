import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ResourcesJson } from '../../../src/api/rest/resources-json.ts'
import { toJsonContent } from '../../../src/api/rest/schemas/resources.ts'

const LARGE = 400_000

/** Every other file is executable. */
async function partsOf(resources: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array[]> {
  return Array.fromAsync(new ResourcesJson({ resources, executables: executablesIn(resources) }))
}

function executablesIn(resources: ReadonlyMap<string, Uint8Array>): Set<string> {
  return new Set([...resources.keys()].filter((_, at) => at % 2 === 1))
}

async function expectSame(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const parsed = JSON.parse(Buffer.concat(await partsOf(files)).toString())
  const expected = [...files].map(([path, bytes]) => [
    path,
    toJsonContent(bytes, executablesIn(files).has(path)),
  ])
  expect(parsed).toEqual({ resources: Object.fromEntries(expected) })
}

describe('the JSON of files', () => {
  it.each([
    ['no files', []],
    ['texts and binary files', ['a: 1\n', 'a\0b', Buffer.from([0xff]), '', '\uFEFFbom']],
    ['large text with characters of all lengths', [`x${'aäß日😀"\\\n'.repeat(LARGE / 10)}`]],
    ['a large file with a byte order mark', [`\uFEFF${'a'.repeat(LARGE)}`]],
    ['a large file with a control character at its end', [`${'ä'.repeat(LARGE)}\u0001`]],
    ['a large file that is not UTF-8', [Buffer.concat([Buffer.alloc(LARGE, 'ä'), Buffer.from([0xc3])])]],
  ])('is the same in parts: %s', async (_, contents) => {
    await expectSame(new Map(contents.map((content, at) => [`f${at}`, Buffer.from(content as string)])))
  })

  it('is the same in parts for any bytes', async () => {
    const unit = fc.uint8Array({ minLength: 1, maxLength: 20 })
    const repeated = fc
      .tuple(unit, fc.nat(20_000))
      .map(([bytes, times]) => Buffer.alloc(bytes.length * times, bytes))
    const text = fc.tuple(fc.string({ unit: 'binary', minLength: 1 }), fc.nat(20_000))
    const content = fc.oneof(
      unit,
      repeated,
      text.map(([one, times]) => Buffer.from(one.repeat(times))),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'ö', '1'), content), {
          selector: ([path]) => path,
        }),
        (files) => expectSame(new Map(files)),
      ),
      { numRuns: 30 },
    )
  })

  it('has no part that is much larger than a part of a file', async () => {
    const files = new Map([['large', Buffer.alloc(20 * 1024 * 1024, '\n')]])
    for (const { byteLength } of await partsOf(files)) expect(byteLength).toBeLessThan(1024 * 1024)
  })
})
