import { describe, expect, it } from 'vitest'
import { validateResources, validCondition } from '../../../src/domain/validation/validate.ts'
import { cpuTimer } from '../../support/cpu-time.ts'

function validate(files: Record<string, string | Buffer>) {
  return validateResources(new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])))
}

const OBJECT = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n'

describe('validation', () => {
  it('finds nothing in a valid package', () => {
    const findings = validate({
      'a.yaml': OBJECT,
      'deep/b.yml': '# comment\n---\n---\n',
      'list.yaml': `${OBJECT.replace('name: a', 'name: b')}---\napiVersion: apps/v1\nkind: ConfigMap\nmetadata: {name: a}\n`,
      'kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []\n',
      'README.md': '{ not yaml: [',
      'run.sh': '\t: {',
    })
    expect(findings).toEqual({
      errors: [],
      warnings: [],
    })
    expect(validCondition(findings)).toMatchObject({ status: 'True', reason: 'Valid' })
  })

  it.each([
    ['a: b: c\n', 1, /compact mappings/],
    ['a: 1\nb:\n  - x\n - y\n', 4, /./],
    ['a: "unclosed\n', 2, /quote/],
    ['ok: 1\n---\na: {b: [}\n', 3, /./],
    ['a: *missing\n', 1, /missing/],
    ['a: 1\nb: 2\na: 3\n', 3, /the key "a" appears twice/],
    ['x:\n  a: 1\n  a: 1\n', 3, /the key "a" appears twice/],
    ['\ta: 1\n', 1, /./],
  ])('locates the error in %j', (text, line, message) => {
    for (const path of ['dir/a.yaml', 'a.yml', 'Kptfile', 'sub/Kptfile', 'A.YAML']) {
      const { errors } = validate({ [path]: text })
      expect(errors[0]).toMatchObject({ path, line, message: expect.stringMatching(message) })
    }
    expect(validate({ 'a.txt': text }).errors).toEqual([])
  })

  it('refuses a file that is not UTF-8', () => {
    expect(validate({ 'a.yaml': Buffer.from([0x61, 0xff, 0xfe]) }).errors).toEqual([
      { path: 'a.yaml', line: 1, message: 'the file is not UTF-8' },
    ])
    expect(validate({ 'a.yaml': `\uFEFF${OBJECT}` }).errors).toEqual([])
  })

  it('warns of objects without apiVersion, kind or name, and of documents that are not objects', () => {
    const { errors, warnings } = validate({
      'a.yaml': 'kind: X\nmetadata: {name: a}\n',
      'b.yaml': '---\napiVersion: v1\n',
      'c.yaml': '- 1\n- 2\n',
      'd.yaml': '- {op: replace, path: /kind, value: X}\n',
      'e.yaml':
        'apiVersion: v1\nkind: X\nmetadata: &m {name: e}\n---\napiVersion: v1\nkind: Z\ncopy: &m {name: e}\nmetadata: *m\n',
      'f.yaml': 'x: &x {apiVersion: v1, kind: F}\n<<: *x\nmetadata: {name: f}\n',
      'g.yaml': 'apiVersion: v1\nkind: yes\nmetadata: {name: g}\n',
    })
    expect(errors).toEqual([])
    expect(warnings.map(({ path, line, message }) => `${path}:${line} ${message}`)).toEqual([
      'a.yaml:1 the object has no apiVersion',
      'b.yaml:2 the object has no kind, no metadata.name',
      'c.yaml:1 the document is not a KRM object, since it is not a mapping',
      'd.yaml:1 the document is not a KRM object, since it is not a mapping',
      'g.yaml:1 the object has no kind',
    ])
    expect(validCondition({ errors, warnings })).toMatchObject({ status: 'True', reason: 'Warnings' })
  })

  it('warns of objects with the same identity, across versions and files', () => {
    const v2 = OBJECT.replace('v1', 'example.com/v2')
    const { warnings } = validate({
      'a.yaml': `${OBJECT}---\n${v2}`,
      'b.yaml': OBJECT,
      'c.yaml': OBJECT.replace('name: a', 'name: a\n  namespace: x'),
      'd.yaml': v2.replace('v2', 'v3'),
    })
    expect(warnings).toEqual([
      { path: 'b.yaml', line: 1, message: 'ConfigMap a is also in a.yaml:1' },
      { path: 'd.yaml', line: 1, message: 'ConfigMap a is also in a.yaml:6' },
    ])
  })

  it('skips the files that a .krmignore excludes, in its directory and below', () => {
    const bad = 'a: b: c\n'
    const { errors } = validate({
      '.krmignore': 'templates/\n*.gen.yaml\n!keep.gen.yaml\n',
      'templates/x.yaml': bad,
      'sub/templates/x.yaml': bad,
      'a.gen.yaml': bad,
      'keep.gen.yaml': bad,
      'other/.krmignore': '/local.yaml\n',
      'other/local.yaml': bad,
      'local.yaml': bad,
    })
    expect(errors.map(({ path }) => path)).toEqual(['keep.gen.yaml', 'local.yaml'])
  })

  it('refuses a .krmignore that is too large', () => {
    const { errors } = validate({ '.krmignore': 'x\n'.repeat(20_000), 'a.yaml': OBJECT })
    expect(errors).toEqual([
      { path: '.krmignore', message: expect.stringContaining('more than 16384 bytes') },
    ])
    expect(validCondition({ errors, warnings: [] }).message).toMatch(
      /^1 error: .krmignore: the .krmignore files have more than/,
    )
  })

  it('reports only the first of many warnings', () => {
    const many = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`f${i}.yaml`, '- 1\n---\n'.repeat(100)]),
    )
    expect(validate(many).warnings).toHaveLength(200)
    expect(validate({ 'a.yaml': '- 1\n---\n'.repeat(20_000) }).warnings).toHaveLength(20)
  })

  it('reports at most twenty errors of a file', () => {
    const text = Array.from({ length: 500 }, (_, i) => `--- \na${i}: b: c\n`).join('')
    expect(validate({ 'a.yaml': text }).errors).toHaveLength(20)
    expect(validCondition(validate({ 'a.yaml': text })).message).toMatch(
      /^20 errors: a.yaml:2: .* and 15 more$/,
    )
  })
})

describe('validation of hostile input', () => {
  it('refuses alias bombs without expanding them', () => {
    const levels = Array.from({ length: 30 }, (_, i) => {
      return `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`
    })
    const { errors } = validate({ 'bomb.yaml': `l0: &l0 lol\n${levels.join('\n')}\n` })
    expect(errors).toEqual([
      { path: 'bomb.yaml', line: 1, column: 1, message: expect.stringMatching(/an alias bomb/) },
    ])
  })

  it('refuses an alias that contains itself', () => {
    expect(validate({ 'a.yaml': 'a: &a\n  b: *a\n' }).errors).toEqual([
      { path: 'a.yaml', line: 1, column: 1, message: 'an alias is inside the node that it refers to' },
    ])
  })

  it('accepts aliases of a reasonable size', () => {
    const text = `a: &a {x: 1, y: [1, 2, 3]}\n${Array.from({ length: 200 }, (_, i) => `k${i}: *a`).join('\n')}\n`
    expect(validate({ 'a.yaml': text }).errors).toEqual([])
  })

  it('refuses a file that is too large', () => {
    const { errors } = validate({ 'a.yaml': Buffer.alloc(16 * 1024 * 1024 + 1, '#') })
    expect(errors).toEqual([
      { path: 'a.yaml', line: 1, message: expect.stringContaining('16777216 bytes, the most') },
    ])
  })

  it('stops at the limit of tokens', () => {
    const { errors } = validate({ 'a.yaml': Buffer.from('- a\n'.repeat(1024 * 1024)) })
    expect(errors).toEqual([
      { path: 'a.yaml', line: 1, message: expect.stringContaining('1000000 tokens, the most') },
    ])
  })

  it('gives up on patterns of .krmignore that take too long', () => {
    const files = Object.fromEntries(
      Array.from({ length: 400 }, (_, i) => [`${'a'.repeat(240)}${i}.yaml`, 'a: 1\n']),
    )
    const patterns = Array(160)
      .fill(`*${'a'.repeat(99)}c`)
      .join('\n')
    expect(validate({ ...files, '.krmignore': patterns }).errors).toEqual([
      { path: '.krmignore', message: expect.stringContaining('take too long') },
    ])
  })

  it('survives extreme nesting', () => {
    for (const text of [
      '['.repeat(50_000),
      '{a: '.repeat(20_000),
      `${Array.from({ length: 5000 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')}`,
    ]) {
      expect(() => validate({ 'deep.yaml': text })).not.toThrow()
    }
    expect(validate({ 'deep.yaml': `${'['.repeat(50_000)}${']'.repeat(50_000)}` }).errors).toEqual([
      { path: 'deep.yaml', line: 1, message: 'the file is nested too deeply' },
    ])
  })

  it('inspects long texts in linear time', () => {
    for (const text of [
      `a: ${"'".repeat(1e6)}x'\n`,
      `a: "${'\\'.repeat(1e6)}x"\n`,
      `a: |\n${' '.repeat(1e6)}x\n${' '.repeat(1e6)}\n`,
      `a: |2\n${' \n'.repeat(1e5)}x\n`,
      `a: |\n${'  \t\n'.repeat(1e5)}`,
      `---${' '.repeat(1e6)}x\n`,
      `${'\uFEFF '.repeat(1e6)}\n`,
      `a: ${'1'.repeat(1e6)}\n`,
      `a: ${'1_'.repeat(1e6)}\n`,
      `a: ${'0'.repeat(1e6)}8\n`,
      `a: !!binary ${'A'.repeat(1e6)}\n`,
      `a: !!binary "${'\u0001'.repeat(1e5)}"\n`,
    ]) {
      const spent = cpuTimer()
      validate({ 'long.yaml': text })
      expect(spent(), text.slice(0, 20)).toBeLessThan(5000)
    }
  })

  it('finds a duplicate among very many keys in linear time', () => {
    const text = Array.from({ length: 50_000 }, (_, i) => `key${i}: ${i}\n`).join('')
    expect(validate({ 'wide.yaml': `${text}key500: again\n` }).errors).toMatchObject([
      { line: 50_001, message: 'the key "key500" appears twice' },
    ])
  })
})
