/** Inputs whose parts are many or large: the work on them is bounded, and fails in no other way than by its limits. */
import { describe, expect, it } from 'vitest'
import { contentsOf } from '../../src/domain/contents.ts'
import { diffResources, MAX_DIFF_SIZE } from '../../src/domain/diff/diff-resources.ts'
import { mergePackage } from '../../src/domain/merge/merge-package.ts'
import { validateResources, validCondition } from '../../src/domain/validation/validate.ts'
import { readYamlFile, type YamlFile } from '../../src/domain/validation/yaml-file.ts'
import { filesOf } from '../support/texts.ts'

const MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n'
/** More than a function can have arguments. */
const MANY = 150_000

function merge(original: string, local: string, upstream: string) {
  return mergePackage({
    original: filesOf({ 'a.yaml': original }),
    local: filesOf({ 'a.yaml': local }),
    upstream: filesOf({ 'a.yaml': upstream }),
    strategy: 'resource-merge',
    prefer: 'local',
  })
}

function validate(path: string, text: string) {
  const read: [string, YamlFile][] = []
  const { resources } = filesOf({ [path]: text })
  const findings = validateResources(resources, readYamlFile, (name, file) => read.push([name, file]))
  return { findings, contents: contentsOf(read) }
}

/** A map of so many fields with a value, nested so deep below keys of that length. */
function nested(depth: number, keys: number, fields: number, value: number): string {
  const start = `{"${'k'.repeat(keys)}": `.repeat(depth)
  const inner = Array.from({ length: fields }, (_, at) => `"f${at}": ${value}`).join(', ')
  return `${MAP}data: ${start}{${inner}}${'}'.repeat(depth)}\n`
}

describe('a file', () => {
  it('may have any number of images and keywords', () => {
    const images = `{"apiVersion": "v1", "kind": "Pod", "containers": [${Array(MANY).fill('{"image":"a/b"}').join(',')}]}`
    expect(validate('a.yaml', images)).toMatchObject({
      findings: { errors: [] },
      contents: { images: [{ reference: 'a/b' }] },
    })
    const kptfile = MAP.replace('ConfigMap', 'Kptfile')
    const keywords = `${kptfile}info: {keywords: [${'word, '.repeat(MANY)}]}\n`
    expect(validate('Kptfile', keywords)).toMatchObject({
      contents: { words: expect.stringContaining('word') },
    })
  })

  it('may have any number of listed objects', () => {
    const list = (value: number) =>
      `apiVersion: v1\nkind: AList\nmetadata: {v: ${value}}\nitems: [${'{},'.repeat(MANY)}]\n`
    const { files } = diffResources({
      before: filesOf({ 'a.yaml': list(1) }),
      after: filesOf({ 'a.yaml': list(2) }),
    })
    expect(files[0]?.objects).toMatchObject([{ object: 'AList', fields: [{ before: 1, after: 2 }] }])
  })

  it('may have any number of changes in one place', () => {
    const list = (item: number, v: number) => `${MAP}v: ${v}\nlist: [${`${item},`.repeat(MANY)}]\n`
    const { resources, conflicts } = merge(list(1, 1), list(1, 2), list(2, 1))
    expect(conflicts).toEqual([])
    expect(Buffer.from(resources.get('a.yaml') ?? []).toString()).toBe(list(2, 2))
  })

  it('is shown in messages by a part of its names and texts', () => {
    const name = 'n'.repeat(1_000_000)
    const twice = `apiVersion: v1\nkind: C\nmetadata:\n  name: ${name}\n`
    for (const text of [
      `${twice}---\n${twice}`,
      `${MAP}x: *${name}\n`,
      `${MAP}? "${name}"\n: 1\n? "${name}"\n: 2\n`,
    ]) {
      const { findings } = validate('a.yaml', text)
      expect(findings.errors.length + findings.warnings.length).toBe(1)
      expect(JSON.stringify(findings).length).toBeLessThan(10_000)
      expect(validCondition(findings).message.length).toBeLessThan(10_000)
    }
  })
})

describe('a diff', () => {
  it('is cut off where the paths of its fields are larger than a text can be', () => {
    const { files, truncated } = diffResources({
      before: filesOf({ 'a.yaml': nested(190, 1000, 4000, 1) }),
      after: filesOf({ 'a.yaml': nested(190, 1000, 4000, 2) }),
    })
    expect({ files, truncated }).toEqual({ files: [], truncated: true })
    expect(190 * 1000 * 4000).toBeGreaterThan(MAX_DIFF_SIZE)
  })
})

describe('objects of the same name', () => {
  it('are compared with each other as far as the effort for all of them goes', () => {
    const count = 4000
    const file = (value: string) =>
      Array.from({ length: count }, (_, at) => {
        const name = `g${at % 20}`
        return `---\napiVersion: v1\nkind: A\nmetadata: {name: ${name}}\nd: ${value}${at}\n`
      }).join('')
    const { files } = diffResources({
      before: filesOf({ 'a.yaml': file('a') }),
      after: filesOf({ 'a.yaml': file('b') }),
    })
    const changed = files[0]?.objects?.filter(({ change }) => change === 'changed') ?? []
    expect(changed.length).toBeGreaterThan(count / 4)
    expect(changed.length).toBeLessThan((count * 3) / 4)
  })
})

describe('an upgrade', () => {
  it('may have ten thousand conflicts', () => {
    const file = (value: number, fields: number) => nested(1, 1, fields, value)
    expect(merge(file(0, 10_000), file(1, 10_000), file(2, 10_000)).conflicts).toHaveLength(10_000)
    expect(() => merge(file(0, 10_001), file(1, 10_001), file(2, 10_001))).toThrow(
      expect.objectContaining({ code: 'too_large', message: expect.stringContaining('copy-merge') }),
    )
  })

  it('may have conflicts of 32 MiB, with the paths of their fields', () => {
    const file = (value: number, fields: number) => nested(190, 1000, fields, value)
    expect(merge(file(0, 150), file(1, 150), file(2, 150)).conflicts).toHaveLength(150)
    expect(() => merge(file(0, 200), file(1, 200), file(2, 200))).toThrow(
      expect.objectContaining({ code: 'too_large' }),
    )
  })
})
