/** Texts that are almost YAML, in all its notations: where readers differ. */
import fc from 'fast-check'

const PIECES = [
  [
    '- ',
    '-',
    ': ',
    ':',
    '? ',
    '?',
    '&a ',
    '&b ',
    '*a',
    '*b',
    '!!map ',
    '!!str ',
    '!x ',
    '!',
    '|',
    '>',
    '|+2',
    '|-',
  ],
  [
    '{',
    '}',
    '[',
    ']',
    ',',
    ', ',
    '#',
    ' #',
    ' # c\n',
    '---',
    '---\n',
    '\n---\n',
    '...',
    '\n...\n',
    '%YAML 1.2\n',
  ],
  [
    '<<: ',
    '<<: *a\n',
    '"',
    "'",
    '""',
    "''",
    '\\',
    '\\/',
    '\n',
    '\n  ',
    '\n    ',
    '\n\n',
    '\t',
    '\n\t',
    '\r\n',
    '\r',
  ],
  [
    '\u0000',
    '\uFEFF',
    '\u0085',
    '\u2028',
    ' ',
    '  ',
    'a',
    'b',
    'key',
    'a: ',
    'b: ',
    'a: 1\n',
    'b: x\n',
    '- a\n',
  ],
  [
    'apiVersion: v1',
    'kind: K',
    'metadata:',
    'name: n',
    'a b',
    '"a"',
    "'a'",
    '1e999',
    '~',
    '0x',
    '0644',
    'on',
    '.inf',
  ],
  [
    '__proto__',
    '@',
    '`',
    '%',
    'x?y',
    'a:b',
    'a#b',
    '"\\ud83d\\ude00"',
    '{a: b}',
    '[a, b]',
    '&a {a: b}\n',
    '|\n  a\n',
  ],
].flat()

const FILES = [
  `apiVersion: v1
kind: ConfigMap
metadata:
  name: a # kpt-set: {name}
  labels: {a: "b", c: [1, 2]}
data:
  x: |
    a
    b
  y: "a
    b"
  z: plain
    text
list:
- a
- b: c
  d: e
-
  - f
`,
  `a: &x {b: 1}
c:
  <<: *x
  d: [*x, {e: *x}]
? k
: v
"q": 'r'
s: >-
  t

  u
   v
`,
  `# c
---
a: 1 # d
# e
---

b:
  c: !!int "1"
  d: !!str 2
  e: !x y
`,
  `{
  "a": 1,
  "b": ["c", {"d": null}],
  "e": "f\\u0041\\n\\"\\\\"
}
`,
  'a:\n\tb: c\n-\td\n',
  'a: {b: c, d?: e, f: [g?h]}\nh: http://x/?a=b\n',
]

const SIGNS = 'aab01:-?,[]{}#&*!|>\'"%@`\\ \n\n  \t~.<=_'

/** Pieces of YAML in any order. */
export function yamlPieces(maxLength: number): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...PIECES), { maxLength }).map((pieces) => pieces.join(''))
}

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  /** Negative numbers repeat so many characters, others remove them. */
  remove: fc.integer({ min: -6, max: 6 }),
  insert: fc.constantFrom('', ...PIECES),
})

/** Files with a few changes at random places. */
const damagedFiles = fc
  .tuple(fc.constantFrom(...FILES), fc.array(edit, { minLength: 1, maxLength: 3 }))
  .map(([file, edits]) => {
    let text = file
    for (const { at, remove, insert } of edits) {
      const start = Math.floor(at * text.length)
      text = text.slice(0, start) + insert + text.slice(Math.max(0, start + remove))
    }
    return text
  })

export const nastyYaml: fc.Arbitrary<string> = fc.oneof(
  yamlPieces(14),
  { arbitrary: damagedFiles, weight: 2 },
  fc.string({ unit: fc.constantFrom(...SIGNS), maxLength: 12 }),
)
