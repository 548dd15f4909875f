/** Arbitrary bytes are read, or reported as invalid, and nothing is thrown. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readKrmFile } from '../../../src/domain/krm/krm-file.ts'
import { validateResources } from '../../../src/domain/validation/validate.ts'
import { readYamlFile } from '../../../src/domain/validation/yaml-file.ts'
import { yamlPieces } from '../../support/almost-yaml.ts'
import { hasCorpus, kptPackages, readFiles } from '../../support/corpus.ts'
import { cpuTimer } from '../../support/cpu-time.ts'
import { mutated, mutations } from '../../support/mutations.ts'
import { searching } from '../../support/sizes.ts'

/** CPU time in milliseconds, for a file of at most some ten KiB. */
const LONGEST = 5000

const HAND_MADE = [
  'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a # kpt-set: {name}\ndata: {a: "b", c: [1, 2]}\n',
  '---\na: &x [1]\nb: *x\n--- # next\n!!map {? [k] : v, <<: *x}\n...\n%YAML 1.2\n---\n- |2-\n   text\n- >+\n  folded\n\n',
  '\uFEFFapiVersion: a/v1\r\nkind: B\r\nmetadata: {name: c}\r\n',
]

const files = [
  ...HAND_MADE.map((text) => Buffer.from(text)),
  ...(hasCorpus
    ? kptPackages()
        .filter((_, at) => at % 9 === 0)
        .flatMap((found) => [...readFiles(found)])
        .filter(([path, { length }]) => /\.ya?ml$|Kptfile$/.test(path) && length < 40_000)
        .map(([, bytes]) => bytes)
    : []),
]

function check(content: Uint8Array): void {
  const spent = cpuTimer()
  const { errors, warnings } = validateResources(
    new Map([
      ['a.yaml', content],
      ['Kptfile', content],
      ['.krmignore', content.subarray(0, 2000)],
    ]),
  )
  for (const { path, message } of [...errors, ...warnings]) expect(path && message).toBeTruthy()
  for (const { line } of readYamlFile(content).errors) expect(line).toBeGreaterThan(0)
  const krm = readKrmFile(content)
  if (krm) {
    const text = krm.documents.map(({ head, body }) => head + body).join('') + krm.tail
    expect(text).toBe(Buffer.from(content).toString())
  }
  expect(spent()).toBeLessThan(LONGEST)
}

const base = fc.nat(files.length - 1).map((at) => files[at] ?? Buffer.alloc(0))

describe('validation', () => {
  it('survives random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 3000 }), check), searching(200))
  })

  it('survives random sequences of YAML tokens', () => {
    fc.assert(
      fc.property(yamlPieces(120), (text) => check(Buffer.from(text))),
      searching(700),
    )
  })

  it('survives damaged real files', () => {
    fc.assert(
      fc.property(base, mutations, (bytes, changes) => check(mutated(bytes, changes))),
      searching(250),
    )
  })

  it('survives the halves of two files put together', () => {
    const halves = fc.property(base, base, mutations, (first, second, changes) => {
      const parts = Buffer.concat([first.subarray(0, first.length / 2), second.subarray(second.length / 2)])
      check(mutated(parts, changes))
    })
    fc.assert(halves, searching(150))
  })
})
