// biome-ignore-all lint/suspicious/noTemplateCurlyInString: setters look like template placeholders
import { describe, expect, it } from 'vitest'
import { applySetters } from '../../../src/domain/kpt/setters.ts'
import { readKrmFile } from '../../../src/domain/krm/krm-file.ts'
import type { Resources } from '../../../src/domain/resources.ts'
import { cpuTimer } from '../../support/cpu-time.ts'
import { resourcesOf, type Texts, textsOf } from '../../support/texts.ts'

/** Returns the changed files, or the problem. */
function changed(files: Texts, values: Record<string, string>): Texts | string {
  const applied = applySetters(resourcesOf(files), values)
  if ('problem' in applied) return applied.problem
  return Object.fromEntries(Object.entries(textsOf(applied)).filter(([path, text]) => text !== files[path]))
}

/** Applies values to an object with this `spec`, and returns its new one. */
function spec(lines: string, values: Record<string, string>): string {
  const file = (text: string) => `apiVersion: v1\nkind: Thing\nmetadata:\n  name: a\nspec:\n${text}`
  const result = changed({ 'a.yaml': file(lines) }, values)
  if (typeof result === 'string') return result
  return (result['a.yaml'] ?? file(lines)).slice(file('').length)
}

const KPTFILE = [
  'apiVersion: kpt.dev/v1',
  'kind: Kptfile',
  'metadata:',
  '  name: a',
  'pipeline:',
  '  mutators:',
  '    - image: gcr.io/kpt-fn/set-namespace:v0.4.1',
  '      configPath: setters.yaml',
  '    - image: gcr.io/kpt-fn/apply-setters:v0.2.0 # the one',
  '      configPath: setters.yaml',
  '',
].join('\n')
const CONFIG = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: setters\ndata:'
const SETTERS = `${CONFIG}\n  # of nginx\n  tag: "1.25"\n`

/** Reads of each path are counted. */
class CountedFiles extends Map<string, Uint8Array> {
  readonly reads: string[] = []

  override get(path: string): Uint8Array | undefined {
    this.reads.push(path)
    return super.get(path)
  }
}

describe('applySetters to many subpackages', () => {
  it('reads and writes a config once that many functions name', () => {
    const depth = 50
    const files: Record<string, string> = {
      [`${'d/'.repeat(depth)}c.yaml`]: `${CONFIG}\n  tag: a # kpt-set: \${tag}\n`,
    }
    for (let at = 0; at < depth; at++) {
      const mutator = `  - {image: apply-setters, configPath: ${'d/'.repeat(depth - at)}c.yaml}\n`
      files[`${'d/'.repeat(at)}Kptfile`] =
        `apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: a}\npipeline:\n  mutators:\n${mutator.repeat(20)}`
    }
    const counted = new CountedFiles(resourcesOf(files))
    const applied = applySetters(counted, { tag: 'b' })
    if ('problem' in applied) throw new Error(applied.problem)
    expect(textsOf(applied)[`${'d/'.repeat(depth)}c.yaml`]).toBe(`${CONFIG}\n  tag: b # kpt-set: \${tag}\n`)
    expect(counted.reads.filter((path) => path.endsWith('c.yaml'))).toHaveLength(1)
  })

  it('takes as long for each of them, however many values the package has', () => {
    const timeOf = (count: number): number => {
      const function_ = '  - image: apply-setters\n    configMap:\n'
      const kptfile = `apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: a}\npipeline:\n  mutators:\n${function_}`
      const values = Array.from({ length: 4 * count }, (_, at) => `      s${at}: a\n`).join('')
      const files: Record<string, string> = { Kptfile: kptfile + values }
      for (let at = 0; at < count; at++) {
        files[`${at}/Kptfile`] = `${kptfile}      own: a\n`
        files[`${at}/a.yaml`] = `${CONFIG}\n  a: a # kpt-set: \${s0}\n`
      }
      const resources = resourcesOf(files)
      const milliseconds = cpuTimer()
      expect(applySetters(resources, { s0: 'b' })).not.toHaveProperty('problem')
      return milliseconds()
    }
    timeOf(100)
    expect(Math.sqrt(timeOf(1200) / timeOf(300))).toBeLessThan(2.5)
  })
})

describe('applySetters', () => {
  it.each([
    [
      '  image: nginx:1.25 # kpt-set: nginx:${tag}\n',
      { tag: '1.27' },
      '  image: nginx:1.27 # kpt-set: nginx:${tag}\n',
    ],
    [
      '  a: "x"   # kpt-set: ${tag}\n  b:  1 # c\n',
      { tag: 'y' },
      '  a: "y"   # kpt-set: ${tag}\n  b:  1 # c\n',
    ],
    ["  a: 'x' # kpt-set: ${tag}\n", { tag: "it's" }, "  a: 'it''s' # kpt-set: ${tag}\n"],
    ['  n: 4 # kpt-set: ${n}\n', { n: '3' }, '  n: 3 # kpt-set: ${n}\n'],
    ['  n: 4 # kpt-set: ${n}\n', { n: '' }, '  n: "" # kpt-set: ${n}\n'],
    ['  n: 4 # kpt-set: ${n}\n', { n: 'a: b' }, '  n: "a: b" # kpt-set: ${n}\n'],
    ['  n: 4 # kpt-set: ${n}\n', { n: 'a #b' }, '  n: "a #b" # kpt-set: ${n}\n'],
    ['  n: 4 # kpt-set: ${n}\n', { n: '- a' }, '  n: "- a" # kpt-set: ${n}\n'],
    ['  n: 4 # kpt-set: ${n}\n', { n: 'a\nb' }, '  n: "a\\nb" # kpt-set: ${n}\n'],
    ['  - x # kpt-set: ${n}\n  - y\n', { n: 'z' }, '  - z # kpt-set: ${n}\n  - y\n'],
    ['  x: [\n    a, b # kpt-set: ${n}\n  ]\n', { n: 'c,d' }, '  x: [\n    a, "c,d" # kpt-set: ${n}\n  ]\n'],
    ['  n: &x a # kpt-set: ${n}\n  m: *x\n', { n: 'b' }, '  n: &x b # kpt-set: ${n}\n  m: *x\n'],
    ['  n: a # kpt-set: ${n}\r\n  m: 1\r\n', { n: 'b' }, '  n: b # kpt-set: ${n}\r\n  m: 1\r\n'],
    ['  n: a # kpt-set: ${n}', { n: 'b' }, '  n: b # kpt-set: ${n}'],
    ['  n: |- # kpt-set: ${n}\n    a\n    b\n  m: 1\n', { n: 'c' }, '  n: "c" # kpt-set: ${n}\n  m: 1\n'],
    ['  x: [a, # kpt-set: ${n}\n    b]\n', { n: 'c' }, '  x: [c, # kpt-set: ${n}\n    b]\n'],
    ['  n: null # kpt-set: ${n}\n', { n: 'c' }, '  n: c # kpt-set: ${n}\n'],
    // Comments that kpt does not apply.
    [
      '  n: a # kpt-set:${n}\n  m: a # kpt-set: ${n}\n',
      { n: 'b' },
      '  n: a # kpt-set:${n}\n  m: b # kpt-set: ${n}\n',
    ],
    [
      '  # kpt-set: ${n}\n  n: a\n  m: a # kpt-set: ${n}\n',
      { n: 'b' },
      '  # kpt-set: ${n}\n  n: a\n  m: b # kpt-set: ${n}\n',
    ],
  ] as const)('in %j writes %j', (before, values, after) => {
    expect(spec(before, values)).toBe(after)
  })

  it.each([
    [
      '  e: # kpt-set: ${env}\n    - dev # old\n    - stage\n  f: 1\n',
      '[prod, "x: y"]',
      '  e: # kpt-set: ${env}\n    - prod\n    - "x: y"\n  f: 1\n',
    ],
    [
      '  e: # kpt-set: ${env}\n  - dev\n',
      '- a: 1\n  b: 1.10\n- c\n',
      '  e: # kpt-set: ${env}\n  - a: 1\n    b: 1.10\n  - c\n',
    ],
    ['  e: # kpt-set: ${env}\n    - dev\n    - stage\n  f: 1\n', '', '  e: [] # kpt-set: ${env}\n  f: 1\n'],
    ['  e: # kpt-set: ${env}\n    - dev\n', '[]', '  e: [] # kpt-set: ${env}\n'],
    ['  e: [] # kpt-set: ${env}\n  f: 1\n', '- a\n- b', '  e: [a, b] # kpt-set: ${env}\n  f: 1\n'],
    ['  e: [a,  b] # kpt-set: ${env}\n', '[c]', '  e: [c] # kpt-set: ${env}\n'],
    ['  e: # kpt-set: ${env}\n    - a # kpt-set: ${env}\n', '[c]', '  e: # kpt-set: ${env}\n    - c\n'],
  ])('in the list %j writes %j', (before, env, after) => {
    expect(spec(before, { env })).toBe(after)
  })

  it('returns a problem for a value that does not fit', () => {
    expect(spec('  e: # kpt-set: ${env}\n    - a\n', { env: 'x' })).toMatch(/a\.yaml: .*env fills a list/)
    expect(spec('  e: # kpt-set: a-${env}\n    - a\n', { env: '[x]' })).toMatch(
      /one setter, not from "a-\$\{env\}"/,
    )
    expect(spec('  i: nginx # kpt-set: ${image}:${tag}\n', { tag: '1' })).toMatch(
      /also needs values for image/,
    )
  })

  it('takes the other values of a field from the configs, or else from the field', () => {
    const pattern = '# kpt-set: ${registry}/${image}:${tag}\n'
    expect(spec(`  i: a/b/c:1 ${pattern}`, { tag: '2' })).toBe(`  i: a/b/c:2 ${pattern}`)
    expect(spec(`  i: a/b/c:1 ${pattern}`, { image: 'x' })).toBe(`  i: a/b/x:1 ${pattern}`)
    const file = `apiVersion: v1\nkind: T\nmetadata:\n  name: a\ni: old:0 # kpt-set: \${image}:\${tag}\n`
    const files = { Kptfile: KPTFILE, 'setters.yaml': SETTERS, 'a.yaml': file }
    expect(changed(files, { image: 'nginx' })).toMatchObject({
      'a.yaml': file.replace('old:0', 'nginx:1.25'),
    })
  })

  it('writes the config that the Kptfile names', () => {
    const file = 'apiVersion: v1\nkind: T\nmetadata:\n  name: a\ni: x:1.25 # kpt-set: ${image}:${tag}\n'
    const files = { Kptfile: KPTFILE, 'setters.yaml': SETTERS, 'a.yaml': file }
    expect(changed(files, { tag: '1.27', image: 'nginx' })).toEqual({
      'setters.yaml': `${SETTERS.replace('1.25', '1.27')}  image: nginx\n`,
      'a.yaml': file.replace('x:1.25', 'nginx:1.27'),
    })
    const inline = KPTFILE.replace(/configPath: setters\.yaml\n$/, 'configMap:\n        tag: v1 # it\n')
    expect(changed({ Kptfile: inline }, { tag: 'true' })).toEqual({
      Kptfile: inline.replace('tag: v1 # it', 'tag: "true" # it'),
    })
    const validator = KPTFILE.replace('mutators', 'validators')
    expect(changed({ Kptfile: validator, 'setters.yaml': SETTERS }, { tag: '2' })).toMatch(/has no setters/)
  })

  it('keeps strings strings in labels and annotations', () => {
    const labels = (version: string, team: string) =>
      `apiVersion: v1\nkind: T\nmetadata:\n  name: web\n  labels:\n    version: ${version} # kpt-set: \${version}\n  annotations:\n    team: ${team} # kpt-set: \${team}\n`
    expect(changed({ 'd.yaml': labels('abcdef1', 'red') }, { version: '0071335', team: 'on' })).toEqual({
      'd.yaml': labels('"0071335"', '"on"'),
    })
  })

  it.each([
    ['{tag: 0644}', '0755', '{tag: "0755"}'],
    ['{a: 1, tag: !!int 7}', 'on', '{a: 1, tag: "on"}'],
    ['\n  tag: 0644 # c\n  b: 0644', '1.27.1-a', '\n  tag: 1.27.1-a # c\n  b: 0644'],
    ["\n  tag: 'a'", "it's", "\n  tag: 'it''s'"],
    ['\n  tag: &a x\n  b: y', '1:30', '\n  tag: &a "1:30"\n  b: y'],
    ['\r\n  tag: 1.10\r\n  b: y\r', '1.20', '\r\n  tag: "1.20"\r\n  b: y\r'],
    ['\n  tag: ""', 'on', '\n  tag: "on"'],
    ['\n  b: 0644', '0755', '\n  b: 0644\n  tag: "0755"'],
    ['\n  tag: |\n    - a\n  b: 0644', '[b]', '\n  tag: "[b]"\n  b: 0644'],
  ])('writes the config %j with %j as a string', (data, tag, written) => {
    const file = (text: string) => `${CONFIG}${text.startsWith('{') ? ' ' : ''}${text}\n`
    const use = {
      Kptfile: KPTFILE,
      'a.yaml': `apiVersion: v1\nkind: T\nmetadata:\n  name: a\nt: x # kpt-set: \${tag}\n`,
    }
    expect(changed({ ...use, 'setters.yaml': file(data) }, { tag })).toMatchObject({
      'setters.yaml': file(written),
    })
  })

  it('changes no other value of a config that has the anchor of the changed one', () => {
    const files = { Kptfile: KPTFILE, 'setters.yaml': `${CONFIG}\n  tag: &a v1\n  other: *a\n` }
    const written = applySetters(resourcesOf(files), { tag: 'v2' }) as Resources
    const [object] = readKrmFile(written.get('setters.yaml') as Uint8Array)?.documents ?? []
    expect(object?.value).toMatchObject({ data: { tag: 'v2', other: 'v1' } })
  })

  it('takes the values of configs as they are written', () => {
    const config = [
      CONFIG,
      '  octal: 0644\n  word: on\n  exact: 1.10\n  big: 12345678901234567890\n  quoted: "0x1F"\n  none: ~',
      '  anchor: &a 1_000\n  alias: *a\n  on: y\n',
    ].join('\n')
    const names = ['octal', 'word', 'exact', 'big', 'quoted', 'none', 'anchor', 'alias', 'on']
    const pattern = `# kpt-set: \${x}|${names.map((name) => `\${${name}}`).join('|')}`
    const file = (text: string) => `apiVersion: v1\nkind: T\nmetadata:\n  name: a\nt: ${text} ${pattern}\n`
    const files = { Kptfile: KPTFILE, 'setters.yaml': config, 'a.yaml': file('t') }
    expect(changed(files, { x: '0' })).toMatchObject({
      'a.yaml': file('0|0644|on|1.10|12345678901234567890|0x1F||1_000|1_000|y'),
    })
    const inline = KPTFILE.replace(/configPath: setters\.yaml\n$/, 'configMap:\n        on: 0644\n')
    const uses = `apiVersion: v1\nkind: T\nmetadata:\n  name: a\nt: t # kpt-set: \${on}\n`
    expect(changed({ Kptfile: inline, 'a.yaml': uses }, { on: '0755' })).toEqual({
      Kptfile: inline.replace('0644', '"0755"'),
      'a.yaml': uses.replace('t: t', 't: "0755"'),
    })
  })

  it('writes subpackages, and their configs if they have the setter', () => {
    const file = (image: string) =>
      `apiVersion: v1\nkind: T\nmetadata:\n  name: a\ni: ${image} # kpt-set: \${image}:\${tag}\n`
    const files = {
      Kptfile: KPTFILE,
      'setters.yaml': SETTERS,
      'sub/Kptfile': KPTFILE,
      'sub/setters.yaml': SETTERS.replace('tag: "1.25"', 'image: sub\n  tag: "0"'),
      'sub/a.yaml': file('x:0'),
      'other/a.yaml': file('x:0'),
      '.krmignore': 'ignored\n',
      'ignored/a.yaml': file('x:0'),
    }
    expect(changed(files, { tag: '2' })).toEqual({
      'setters.yaml': SETTERS.replace('1.25', '2'),
      'sub/setters.yaml': SETTERS.replace('tag: "1.25"', 'image: sub\n  tag: "2"'),
      'sub/a.yaml': file('sub:2'),
      'other/a.yaml': file('x:2'),
    })
  })

  it('returns a problem with the known setters for an unknown one', () => {
    const files = { Kptfile: KPTFILE, 'setters.yaml': SETTERS }
    expect(changed(files, { tga: '1' })).toBe('the package has no setter tga; its setters are tag')
    expect(changed({ 'a.yaml': 'a: 1\n' }, { x: '1' })).toBe('the package has no setters, so x cannot be set')
    expect(changed(files, {})).toEqual({})
  })

  it('leaves files alone that are not KRM', () => {
    const files = {
      Kptfile: KPTFILE,
      'setters.yaml': SETTERS,
      'values.yaml': 'tag: x # kpt-set: ${tag}\n',
      'README.md': '# kpt-set: ${tag}\n',
      'broken.yaml': 'kind: [ # kpt-set: ${tag}\n',
    }
    expect(Object.keys(changed(files, { tag: '2' }))).toEqual(['setters.yaml'])
  })
})
