/** The tables of YAML forms, read by sigs.k8s.io/yaml: see yaml/main.go. */
import { expect, it } from 'vitest'
import { sameJson } from '../../src/domain/krm/json-value.ts'
import { tool } from '../support/program.ts'
import { KEY_FORMS, MERGE_FORMS, SCALAR_FORMS } from '../support/yaml-forms.ts'
import { describeWith } from './tool.ts'
import { YamlReader } from './yaml-reader.ts'

const program = tool('read-yaml')

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
})
