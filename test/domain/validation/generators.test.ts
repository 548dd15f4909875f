/** Files that Helm, Helmfile and kustomize read. */
import { describe, expect, it } from 'vitest'
import { validateResources } from '../../../src/domain/validation/validate.ts'

function validate(files: Record<string, string>) {
  const read: string[] = []
  const resources = new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]))
  const findings = validateResources(resources, undefined, (path) => read.push(path))
  return { ...findings, read }
}

const NONE = { errors: [], warnings: [] }
const TEMPLATE = 'kind: {{ .Values.kind }}\n{{- range .Values.list }}\n- {{ . }}\n{{- end }}\n'
const CHART = 'apiVersion: v2\nname: web\nversion: 1.0.0\n'
const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n'

describe('a Helm chart', () => {
  const chart = (folder: string) => ({
    [`${folder}Chart.yaml`]: CHART,
    [`${folder}values.yaml`]: 'replicas: 1\n',
    [`${folder}ci/test-values.yaml`]: '- 1\n',
    [`${folder}templates/deployment.yaml`]: TEMPLATE,
    [`${folder}templates/deep/a.yml`]: TEMPLATE,
    [`${folder}crds/crd.yaml`]: CONFIG_MAP,
  })

  it.each(['', 'web/', 'a/b/charts/web/'])('is valid in %j', (folder) => {
    const { read, ...findings } = validate(chart(folder))
    expect(findings).toEqual(NONE)
    expect(read).not.toContain(`${folder}templates/deployment.yaml`)
    expect(read).toContain(`${folder}crds/crd.yaml`)
  })

  it('may contain others', () => {
    const { read, ...findings } = validate({ ...chart(''), ...chart('charts/db/') })
    expect(findings.errors).toEqual([])
    expect(findings.warnings).toMatchObject([
      { path: 'charts/db/crds/crd.yaml', message: expect.stringMatching(/is also in/) },
    ])
  })

  it('has values that are YAML, and definitions that are objects', () => {
    const { errors, warnings } = validate({ ...chart(''), 'values.yaml': 'a: [\n', 'crds/b.yaml': 'a: 1\n' })
    expect(errors).toMatchObject([{ path: 'values.yaml' }])
    expect(warnings).toMatchObject([
      { path: 'crds/b.yaml', message: expect.stringMatching(/has no apiVersion/) },
    ])
  })

  it('does not excuse templates beside it, whose error names the way out', () => {
    for (const path of ['other/templates/a.yaml', 'web-2/templates/a.yaml', 'templates/a.yaml']) {
      const { errors } = validate({ ...chart('web/'), [path]: TEMPLATE })
      expect(errors[0]).toMatchObject({ path, message: expect.stringContaining('.krmignore') })
    }
  })
})

describe('a kustomization', () => {
  const KUSTOMIZATION = `resources: [a.yaml]
configMapGenerator:
- name: x
  files: [config.yaml, key.yaml=../shared/other.yaml]
patches:
- path: patch.yaml
- patch: |-
    - op: remove
      path: /a
patchesStrategicMerge:
- more.yaml
helmCharts:
- name: web
  valuesFile: values.yaml
`

  it.each(['kustomization.yaml', 'kustomization.yml', 'Kustomization'])(
    'names files that are no objects: %s',
    (name) => {
      const header = 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n'
      const { errors, warnings } = validate({
        [`app/${name}`]: header + KUSTOMIZATION,
        'app/a.yaml': CONFIG_MAP,
        'app/config.yaml': TEMPLATE,
        'shared/other.yaml': TEMPLATE,
        'app/patch.yaml': '- op: remove\n  path: /a\n',
        'app/more.yaml': CONFIG_MAP,
        'app/values.yaml': 'a: 1\n',
      })
      expect({ errors, warnings }).toEqual(NONE)
    },
  )

  it('has resources that are validated', () => {
    const { errors } = validate({ 'kustomization.yaml': KUSTOMIZATION, 'a.yaml': TEMPLATE })
    expect(errors[0]).toMatchObject({ path: 'a.yaml' })
  })
})

it('takes no file of Helmfile for YAML', () => {
  expect(validate({ 'helmfile.yaml': TEMPLATE, 'x/helmfile.d/a.yaml': TEMPLATE }).errors).toEqual([])
})

it('reads no more kustomizations to find what they name than four MiB', () => {
  const kustomization = (name: string) =>
    `configMapGenerator: [{files: [${name}]}]\n${`${'# '.padEnd(1000, 'x')}\n`.repeat(1040)}`
  const files: Record<string, string> = {}
  for (const folder of ['a', 'b', 'c', 'd', 'e']) {
    files[`${folder}/kustomization.yaml`] = kustomization('t.yaml')
    files[`${folder}/t.yaml`] = TEMPLATE
  }
  const { read } = validate(files)
  expect(read.filter((path) => path.endsWith('t.yaml'))).toEqual(['e/t.yaml'])
})
