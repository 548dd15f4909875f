/** What kubectl, Flux, Argo CD and Helm refuse to read is not valid. */
import { describe, expect, it } from 'vitest'
import { readKrmFile } from '../../../src/domain/krm/krm-file.ts'
import { validateResources } from '../../../src/domain/validation/validate.ts'
import { readYamlFile } from '../../../src/domain/validation/yaml-file.ts'

function errorsOf(text: string): string[] {
  return readYamlFile(Buffer.from(text)).errors.map(
    ({ line, column, message }) => `${line}:${column} ${message}`,
  )
}

const OBJECT = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n'

describe('control characters', () => {
  it.each([
    ['data:\n  motd: "hello\u0007"\n', '2:15', 'U+0007', '\\x07'],
    ['# a comment\u001B[0m\na: 1\n', '1:12', 'U+001B', '\\x1B'],
    ['a: |\n  x\u0000y\n', '2:4', 'U+0000', '\\x00'],
    ['a: \u007F\n', '1:4', 'U+007F', '\\x7F'],
    ['a: b\u009F\n', '1:5', 'U+009F', '\\x9F'],
    ['a: "\uFFFE"\n', '1:5', 'U+FFFE', '\\uFFFE'],
    ['\uFEFFa: 1\nb: \uFFFF\n', '2:4', 'U+FFFF', '\\uFFFF'],
    ['a: 1\n---\nb: \u000B\n', '3:4', 'U+000B', '\\x0B'],
  ])('are found in %j', (text, position, code, escaped) => {
    expect(errorsOf(text)[0]).toBe(
      `${position} YAML does not allow the character ${code}: remove it, or write ${escaped} in double quotes`,
    )
    expect(readKrmFile(Buffer.from(OBJECT + text))).toBeUndefined()
  })

  it('may be escaped, and tabs, line breaks and all other characters may stand as they are', () => {
    const text = `${OBJECT}data: {a: "\\x07\\0\\uFFFF", b: "\t", c: é😀\u{1FFFF}\u00A0}\r\n`
    expect(errorsOf(text)).toEqual([])
    expect(readKrmFile(Buffer.from(text))).toBeDefined()
  })

  it('are reported together with other errors, each at most twenty times', () => {
    const errors = errorsOf(`a: 1\na: 2\nb: "\u0001"\n`)
    expect(errors).toEqual([
      expect.stringMatching(/^2:1 the key "a"/),
      expect.stringMatching(/^3:5 .*U\+0001/),
    ])
    expect(errorsOf('# \u0001\n'.repeat(1000))).toHaveLength(20)
  })
})

describe('a file that readers refuse', () => {
  it.each([
    // Tabs.
    ['a:\n\tb: c\n', /^2:1 /],
    ['a: "b"\n\t\nc: d\n', /^2:1 a tab/],
    ['a: b\n\t# c\n', /^2:1 a tab/],
    ['-\ta\n', /^1:2 a tab/],
    ['a: |\n  \tb\n', /^2:1 a tab/],
    ['a: |2\n  b\n \tc\n', /^3:2 /],
    ['a: |\n   b\n  \t\n', /^3:3 /],
    // Quotes.
    ["a: '''\n", /^2:1 Missing closing/],
    ["a: '''", /^2:1 Missing closing/],
    ['a: "\\"\n', /^2:1 Missing closing/],
    // Keys.
    ['a:\n  1: x\n  "1": y\n', /^3:3 the key "1" appears twice/],
    ['on: x\ntrue: y\n', /^2:1 the key "true" appears twice/],
    ['0644: x\n420: y\n', /^2:1 the key "420" appears twice/],
    ['~: x\n', /^1:1 a key has no value/],
    ['a: {: x}\n', /^1:5 a key has no value/],
    ['? [a]\n: x\n', /^1:3 a key is a list or a map/],
    ['{a: b}: x\n', /^1:1 a key is a list or a map/],
    ['a: {{ .Values.b }}\n', /^1:5 a key is a list or a map/],
    ['x: &x [a]\n*x : b\n', /^2:1 a key is a list or a map/],
    ['18446744073709551615: x\n', /^1:1 the key 18446744073709551615 is too large a number/],
    // Scalars.
    ['a: .inf\n', /^1:4 .inf has no value in JSON/],
    ['a: [1, .NaN]\n', /^1:8 .NaN has no value in JSON/],
    ['a: !!int x\n', /^1:10 "x" does not fit the tag !!int/],
    ['a: !!bool "1"\n', /^1:11 "1" does not fit the tag !!bool/],
    ['a: !!binary "*"\n', /^1:13 "\*" does not fit the tag !!binary/],
    ['a: {.inf: &x 1}\nb: *y\n', /^2:4 the anchor "y" is not defined/],
    ['a: {&x .inf: 1}\nb: *x\n', /^2:4 .inf has no value in JSON/],
    ['a: "b\\/c"\n', /^1:4 readers lack the escapes/],
    ['a: "\\ud83d\\ude00"\n', /^1:4 readers lack the escapes/],
    // Merge keys.
    ['<<: 1\n', /^1:1 the merge key << needs a map/],
    ['a: &a [{b: c}]\nd:\n  <<: *a\n', /^3:3 the merge key << needs a map/],
    ['a:\n  <<: [{b: c}, d]\n', /^2:3 the merge key << needs a map/],
    // Brackets.
    ['a: [http://b/?c=d]\n', /^1:5 a colon or a question mark/],
    ['a: {b:,c: d}\n', /^1:7 white space is missing/],
    // Names and indicators.
    ['a: &b.c d\n', /^1:4 &b.c has other characters/],
    ['a: !b#c d\n', /^1:4 the tag has characters/],
    ['a: 1\nb\n  : c\n', /^3:3 the colon is not on the line of its key/],
    ['a:\n#b\n    c\nd\n', /^3:5 the second line of a text is not indented/],
    // Documents.
    ['%YAML 1.2\n---\na: b\n', /^1:1 kubectl refuses this directive/],
    ['%YAML 1.1\n---\na: b\n', /^1:1 kubectl refuses this directive/],
    ['%TAG ! tag:example.com,2000:\n---\na: b\n', /^1:1 kubectl refuses this directive/],
    ['a: 1\n--- {b: 2}\n', /^2:1 only a comment may follow "---"/],
    ['a: 1\n---b: 2\n', /^2:1 only a comment may follow "---"/],
    ['a: 1\n...\nb: 2\n', /^3:1 readers ignore what follows "..."/],
    ['a: 1\r---\rb: 2\r', /^2:1 kubectl does not split the file here/],
    ['a: 1\n---\n\uFEFFb: 2\n', /^3:1 a byte order mark/],
    ['a: b\u0085c\n', /^2:1 /],
  ])('is not valid: %j', (text, error) => {
    expect(errorsOf(text)[0]).toMatch(error)
  })

  it.each([
    'a:\tb\nc: d\t# e\nf: |\n  g\n  \th\nx: |2\n  g\n  \th\ni: j\n  \t\nk: {l:\tm }\n',
    'on: x\n"on": y\n',
    'a: ["b?c"]\n',
    'url: http://a/?b=c\nargs: ["http://a/?b=c", --x=y]\n',
    'a: &b-c_1 d\ne: *b-c_1\nf: !g h\ni: &j !k l\n',
    '---\na: b\n...\n---\nc: d\n--- # e\nf: g\n',
    '# a\n---\n---\n# b\n',
    'a: b\u0085c: d\re: "f\u2028g"\n',
    '{\n\t"a": "b\\u00e9\\n\\"",\n\t"c": [1, {"d": null}]\n}\n',
    '? a\n: b\n? c\nd: e\n',
    'a: &a {b: c}\nd: {<<: *a}\ne: {<<: [*a, {f: g}]}\n',
    'a: -----BEGIN X-----\nb: |-\n  -----BEGIN X-----\n  ---\n',
  ])('is not %j', (text) => {
    expect(errorsOf(text)).toEqual([])
  })

  it('has a key of more than 1024 characters', () => {
    const key = 'k'.repeat(1024)
    for (const text of [`${key}: v\n`, `{${key}: v}\n`, `["${key.slice(2)}": v]\n`])
      expect(errorsOf(text)).toEqual([])
    for (const text of [`${key}k: v\n`, `{${key}k: v}\n`, `{"${key}": v}\n`, `["${key}": v]\n`]) {
      expect(errorsOf(text)[0]).toMatch('1024')
    }
  })

  it('is compared as text', () => {
    for (const text of [
      'a: .inf\n',
      'a: b\u0085c: d\n',
      'a: "\u2028"\n',
      'a: b\rc: d\r\n',
      '--- # a\n--- b\n',
    ]) {
      expect(readKrmFile(Buffer.from(OBJECT + text)), text).toBeUndefined()
    }
  })
})

describe('a document that is no map', () => {
  function validate(files: Record<string, string>) {
    const { errors, warnings } = validateResources(
      new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])),
    )
    const show = (found: typeof errors) =>
      found.map(({ path, line, message }) => `${path}:${line} ${message}`)
    return { errors: show(errors), warnings: show(warnings) }
  }

  it('is an error if it is a single value', () => {
    const { errors, warnings } = validate({ 'a.yaml': 'just text\n', 'b.yaml': `${OBJECT}---\n1\n` })
    expect(errors).toEqual([
      'a.yaml:1 the document is no object, but a single value: turn it into a comment, or remove it',
      'b.yaml:6 the document is no object, but a single value: turn it into a comment, or remove it',
    ])
    expect(warnings).toEqual([])
  })

  it('is an error beside objects, and in a Kptfile', () => {
    const list = '- {op: remove, path: /a}\n'
    const { errors, warnings } = validate({
      'patch.yaml': list,
      'beside.yaml': `${list}---\n${OBJECT}`,
      Kptfile: list,
    })
    expect(errors.map((error) => error.replace(/ .*/, ''))).toEqual(['beside.yaml:1', 'Kptfile:1'])
    expect(warnings).toEqual(['patch.yaml:1 the document is not a KRM object, since it is not a mapping'])
  })

  it('is an error if it is a list of objects', () => {
    expect(
      validate({ 'a.yaml': '- apiVersion: v1\n  kind: A\n- apiVersion: v1\n  kind: B\n' }).errors,
    ).toEqual([
      'a.yaml:1 the document is a list of objects: write "---" between them, or put them into an object of the kind List',
    ])
  })
})
