/** What sigs.k8s.io/yaml reads, and what it refuses: see yaml/main.go. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sameJson } from '../../src/domain/krm/json-value.ts'
import { isKrmPath } from '../../src/domain/krm/krm-file.ts'
import { type Finding, yamlDocuments } from '../../src/domain/validation/yaml-documents.ts'
import { nastyYaml } from '../support/almost-yaml.ts'
import { hasCorpus, kptPackages, readFiles } from '../support/corpus.ts'
import { tool } from '../support/program.ts'
import { searching } from '../support/sizes.ts'
import { isAsRead, KEY_FORMS, MERGE_FORMS, SCALAR_FORMS } from '../support/yaml-forms.ts'
import { describeWith } from './tool.ts'
import { YamlReader } from './yaml-reader.ts'

const program = tool('read-yaml')

/** Returns the values of the documents that are not empty, and why the file is not valid. */
function readAsServer(content: Uint8Array) {
  const errors: Finding[] = []
  const values = [...yamlDocuments(content, errors)].map(({ value }) => value)
  return { values, errors }
}

/** Line breaks that readers fold in another way than the server, and one that kubectl drops before it reads. */
const OTHER_BREAKS = /[\u2028\u2029]|\r\r\n|["'].*(?:\u0085|\r(?!\n))/s

describeWith(program, 'the reader of kubectl, Flux, Argo CD and Helm', () => {
  it.each([
    ['scalar', SCALAR_FORMS],
    ['key', KEY_FORMS],
    ['merge key', MERGE_FORMS],
  ])('reads every form of a %s as the table says', async (_, forms) => {
    await using reader = new YamlReader(program)
    const differences = []
    for (const { text, value } of forms) {
      const { values, error } = await reader.read(text)
      if (!sameJson(values?.[0], value)) differences.push({ text, value, values, error })
    }
    expect(differences).toEqual([])
  })

  it('refuses nothing that is valid, and reads the same values', async () => {
    await using reader = new YamlReader(program)
    const property = fc.asyncProperty(nastyYaml, async (text) => {
      const { values, error } = await reader.read(text)
      const read = readAsServer(Buffer.from(text))
      if (read.errors.length > 0) return
      expect(error).toBeUndefined()
      if (OTHER_BREAKS.test(text)) return
      expect(
        isAsRead(
          read.values,
          values?.filter((value) => value !== null),
        ),
      ).toBe(true)
    })
    await fc.assert(property, searching(20_000))
  })

  it.runIf(hasCorpus)('reads the values of real packages that the server reads', async () => {
    await using reader = new YamlReader(program)
    const files = kptPackages().flatMap((found) => [...readFiles(found)].filter(([path]) => isKrmPath(path)))
    expect(files.length).toBeGreaterThan(1000)
    for (const [path, content] of files) {
      const { values, error } = await reader.read(content.toString())
      const read = readAsServer(content)
      expect(read.errors, path).toEqual(error === undefined ? [] : [expect.anything()])
      if (error === undefined) {
        expect(
          isAsRead(
            read.values,
            values?.filter((value) => value !== null),
          ),
          path,
        ).toBe(true)
      }
    }
  })
})
