/**
 * Shapes of YAML that grow with a number, for checks that work grows as its input does. `VALUE` stands for what differs
 * between the versions of a file; a line that begins with letters and `|` is only in these versions.
 */
import { contentsOf } from '../../src/domain/contents.ts'
import { diffResources } from '../../src/domain/diff/diff-resources.ts'
import { cloneResources } from '../../src/domain/kpt/clone-resources.ts'
import { mergePackage } from '../../src/domain/merge/merge-package.ts'
import { numbered } from '../../src/domain/merge/revision-conflict.ts'
import { editedConflicts } from '../../src/domain/merge/settle-conflicts.ts'
import { plainFiles } from '../../src/domain/package-files.ts'
import type { Resources } from '../../src/domain/resources.ts'
import { validateResources } from '../../src/domain/validation/validate.ts'
import { readYamlFile, type YamlFile } from '../../src/domain/validation/yaml-file.ts'

export type Shape = (size: number) => string

const MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  v: VALUE\n'
const POD = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  v: VALUE\n  containers:\n'
const KPTFILE = 'apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: a\ninfo:\n  description: VALUE\n'
const CRD =
  'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: a\nspec:\n  group: a.b\n  names: {kind: C}\n  versions:\n'
const VERSION = '  - name: v1\n    schema:\n      openAPIV3Schema:\n        description: VALUE\n'
const CUSTOM = '---\napiVersion: a.b/v1\nkind: C\nmetadata: {name: x}\nspec:\n  v: VALUE\n'
const LIST = 'apiVersion: v1\nkind: List\nitems:\n'
/** The start of a reference to a setter. */
const OPEN = '$' + '{'
const SETTER = `# kpt-set: ${OPEN}v}`

function many(count: number, each: (at: number) => string): string {
  return Array.from({ length: Math.floor(count) }, (_, at) => each(at)).join('')
}

function object(name: string, field = 'VALUE'): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  v: ${field}\n---\n`
}

function custom(fields: (at: number) => string, count: number): string {
  return CUSTOM + many(count, fields)
}

export const SHAPES: Record<string, Shape> = {
  'comments below metadata': (n) => MAP.replace('metadata:\n', `metadata:\n${'  #\n'.repeat(n)}`),
  'comments at the end': (n) => MAP + '  #\n'.repeat(n),
  'comments below a nested map': (n) => `${MAP}  a:\n    b:\n      c: VALUE\n${'        #\n'.repeat(n)}`,
  'comments above each field': (n) => MAP + many(n, (at) => `  # c\n  k${at}: VALUE\n`),
  'comments that change': (n) => MAP + many(n, (at) => `  # VALUE ${at}\n  k${at}: a # VALUE ${at}\n`),
  'comments that move': (n) => MAP + many(n, (at) => `  # c${at}\n  VALUE${at}: a\n`),
  'comments below a value that becomes a map': (n) =>
    `${MAP}  w:\n    xVALUE: {a: 1}\n${many(n, (at) => `      # ${at}\n`)}`,
  'blank lines': (n) => `${MAP}${'\n'.repeat(n)}  k: VALUE\n`,
  'blank lines at the end': (n) => MAP + '\n'.repeat(n),
  'blank lines below nested maps': (n) =>
    `${MAP}${many(100, (at) => `${' '.repeat(2 + at)}k:\n`)}${' '.repeat(103)}a: VALUE\n${'\n'.repeat(n)}`,
  'anchors and aliases': (n) => MAP + many(n, (at) => `  k${at}: &a${at} x\n  l${at}: *a${at}\n`),
  'aliases of one anchor': (n) => `${MAP}  k: &a x\n${many(n, (at) => `  l${at}: *a\n`)}`,
  'anchors of the same name': (n) => MAP + many(n, (at) => `  k${at}: &a x${at}\n  l${at}: *a\n`),
  'merge keys': (n) => `${MAP}  b: &a {x: 1}\n${many(n, (at) => `  l${at}:\n    <<: *a\n    y: VALUE\n`)}`,
  'fields below a merge key': (n) =>
    `${MAP}  b: &a {x: 1}\n  c:\n    <<: *a\n${many(n, (at) => `    k${at}VALUE: 1\n`)}`,
  'fields that both sides change': (n) => MAP + many(n, (at) => `  k${at}: VALUE\n`),
  'fields that each version names otherwise': (n) => MAP + many(n, (at) => `  VALUE${at}: a\n`),
  'items of a list': (n) => `${MAP}  l:\n${many(n, (at) => `  - ${at}\n`)}  - VALUE\n`,
  'items that each version has otherwise': (n) => `${MAP}  l:\n${many(n, (at) => `  - VALUE${at}\n`)}`,
  'equal items': (n) => `${MAP}  l:\n${'  - a\n'.repeat(n)}  - VALUE\n`,
  'items that differ deep inside': (n) =>
    `${MAP}  l:\n${many(n / 100, (at) => `  - l: [${'a, '.repeat(100)}VALUE${at % 2}]\n`)}`,
  'lists of lists': (n) =>
    `${MAP}  l:\n${many(n / 100, (at) => `  - [${many(100, (i) => `VALUE${at}${i}, `)}]\n`)}`,
  'items with keys': (n) => POD + many(n, (at) => `  - name: c${at}\n    image: VALUE\n`),
  'items with the same key': (n) => POD + many(n, () => '  - name: c\n    image: VALUE\n'),
  'a list in one line': (n) => `${MAP}  l: [${many(n, (at) => `${at}, `)}VALUE]\n`,
  'a map in one line': (n) => `${MAP}  m: {${many(n, (at) => `k${at}: a, `)}l: VALUE}\n`,
  'a map in brackets': (n) => `${MAP}  m: {\n${many(n, (at) => `    k${at}: VALUE,\n`)}  }\n`,
  'empty maps in brackets': (n) => `${MAP}  l: [${'{}, '.repeat(n)}VALUE]\n`,
  'a long text': (n) => `${MAP}  l: ${'a b '.repeat(n)}VALUE\n`,
  'a text of many lines': (n) => `${MAP}  l: VALUE\n${'    b\n'.repeat(n)}`,
  backslashes: (n) => `${MAP}  l: "VALUE${'\\\\'.repeat(n)}"\n`,
  'escapes in lines': (n) => `${MAP}  l: "VALUE${'\\n \\\n    '.repeat(n)}"\n`,
  'single quotes': (n) => `${MAP}  l: 'VALUE${"''".repeat(n)}'\n`,
  'a literal block': (n) => `${MAP}  l: |\n    VALUE\n${'    a\n'.repeat(n)}`,
  'a literal block of blank lines': (n) => `${MAP}  l: |+\n    VALUE\n${'\n'.repeat(n)}`,
  'a folded block': (n) => `${MAP}  l: >\n    VALUE\n${'    a\n\n'.repeat(n)}`,
  'spaces before a comment': (n) => `${MAP}  k: VALUE${' '.repeat(n)}# a\n`,
  'spaces at the end of a line': (n) => `${MAP}  k: VALUE${' '.repeat(n)}\n`,
  'spaces in a comment': (n) => `${MAP}  k: VALUE #${' '.repeat(n)}x\n`,
  'spaces in the comment of an anchor': (n) => `${MAP}  k: &a #${' '.repeat(n)}x\n    "VALUE" ${SETTER}\n`,
  'spaces in the pattern of a setter': (n) => `${MAP}  k: VALUE # kpt-set: ${' '.repeat(n)}x\n`,
  'names of setters without end': (n) => `${MAP}  k: VALUE ${SETTER}${OPEN.repeat(n)}\n`,
  'a pattern with many setters': (n) =>
    `${MAP}  k: VALUE${'-x'.repeat(n)} ${SETTER}${`-${OPEN}v}`.repeat(n)}\n`,
  'fields with a setter': (n) => MAP + many(n, (at) => `  k${at}: VALUE ${SETTER}\n`),
  'fields with setters of their own': (n) =>
    `${MAP}  k: a ${SETTER}\n${many(n, (at) => `  k${at}: VALUE # kpt-set: ${OPEN}s${at}}\n`)}`,
  'a setter beside a line of many values': (n) =>
    `${MAP}  k: VALUE ${SETTER}\n  l: [${many(n, (at) => `${at}, `)}VALUE]\n`,
  'line feeds in a text with a setter': (n) => `${MAP}  k: "a${'\\n'.repeat(n)}VALUE" ${SETTER}\n`,
  'a list that a setter fills': (n) => `${MAP}  l: ${SETTER}\n${many(n, (at) => `  - VALUE${at}\n`)}`,
  'signs of comments in a line': (n) => `${MAP}  k: VALUE ${'# '.repeat(n)}\n`,
  objects: (n) => many(n, (at) => object(`a${at}`)),
  'objects of the same name': (n) => many(n, (at) => object('a', `VALUE${at}`)),
  'objects of a generated name': (n) =>
    many(n, (at) => object('a', `VALUE${at}`).replace('name:', 'generateName:')),
  'renamed objects': (n) => many(n, (at) => object(`VALUE${at}`, `a${at}`)),
  'kinds of objects': (n) =>
    many(n, (at) => object(`a${at}`).replace('v1\nkind: ConfigMap', `g${at}.b/v1\nkind: K${at}`)),
  'empty documents': (n) => MAP + '---\n'.repeat(n),
  'documents of comments': (n) => MAP + '---\n# a\n'.repeat(n),
  'a list of objects': (n) =>
    LIST + many(n, (at) => `- apiVersion: v1\n  kind: A\n  metadata: {name: a${at}}\n  data: {v: VALUE}\n`),
  'a list of objects of the same name': (n) =>
    LIST + many(n, (at) => `- apiVersion: v1\n  kind: A\n  metadata: {name: a}\n  data: {v: VALUE${at}}\n`),
  'a list of kinds of objects': (n) =>
    LIST +
    many(n, (at) => `- apiVersion: g.b/v1\n  kind: K${at}\n  metadata: {name: a}\n  f${at}: [{v: VALUE}]\n`),
  'lists in a list': (n) =>
    LIST +
    many(
      n,
      (at) =>
        `- {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: A, metadata: {name: x${at}}, v: VALUE}]}\n`,
    ),
  tags: (n) => MAP + many(n, (at) => `  k${at}: !!str VALUE\n`),
  'nested maps': (n) =>
    MAP +
    many(n / 100, (at) => {
      const maps = many(100, (depth) => `${' '.repeat(2 + depth)}k${depth === 0 ? at : ''}:\n`)
      return `${maps}${' '.repeat(103)}VALUE\n`
    }),
  'explicit keys': (n) => MAP + many(n, (at) => `  ? k${at}\n  : VALUE\n`),
  'carriage returns': (n) => (MAP + many(n, (at) => `  k${at}: VALUE\n`)).replaceAll('\n', '\r\n'),
  'words of a description': (n) => KPTFILE.replace('VALUE', `VALUE ${many(n, (at) => `w${at} `)}`),
  keywords: (n) => `${KPTFILE}  keywords:\n${many(n, (at) => `  - w${at}\n`)}`,
  'letters of a kind': (n) => MAP.replace('ConfigMap', 'aA'.repeat(n)),
  images: (n) => POD + many(n, (at) => `  - image: a/b${at}:VALUE\n`),
  'colons of an image': (n) => `${POD}  - image: ${'a:'.repeat(n)}/VALUE\n`,
  'forbidden characters': (n) => `${MAP}  l: "VALUE${'\u0001'.repeat(n)}"\n`,
  dashes: (n) => `${MAP}  l: VALUE${'-'.repeat(n)}\n`,
  'lines of dashes': (n) => MAP + '---x\n'.repeat(n),
  'lines of dots': (n) => MAP + '...\n'.repeat(n),
  'other line breaks': (n) => `${MAP}  l: VALUE${'\r\u0085'.repeat(n)}\n`,
  'byte order marks': (n) => `${MAP}${' '.repeat(n)}\uFEFF${' \uFEFF'.repeat(n)}\n`,
  'quotes without end': (n) => MAP + many(n, (at) => `  k${at}: "a\n`),
  errors: (n) => MAP + many(n, (at) => ` k${at}: : VALUE\n`),
  'fields of a schema': (n) =>
    `${CRD}${VERSION}        properties:\n          spec:\n            properties:\n${many(n, (at) => `              p${at}: {type: array, x-kubernetes-list-type: set}\n`)}${custom((at) => `  p${at}: [VALUE]\n`, n)}`,
  'alternatives of a schema': (n) =>
    `${CRD}${VERSION}        oneOf:\n${many(n, (at) => `        - required: [p${at}]\n`)}${custom((at) => `  p${at}: [VALUE]\n`, n)}`,
  'parts of a schema': (n) =>
    `${CRD}${VERSION}        allOf:\n${many(n, (at) => `        - properties: {p${at}: {type: array}}\n`)}${custom((at) => `  p${at}: [VALUE]\n`, n)}`,
  'versions of a schema': (n) => `${CRD}${many(n, () => VERSION)}${custom((at) => `  p${at}: [VALUE]\n`, n)}`,
  'rules of a schema': (n) =>
    `${CRD}${VERSION}        x-kubernetes-validations:\n${many(n, (at) => `        - rule: "!(has(self.a${at}) && has(self.b))"\n`)}${CUSTOM}`,
  'definitions with their objects': (n) =>
    many(
      n,
      (at) =>
        `${(CRD + VERSION).replace('kind: C}', `kind: C${at}}`)}${CUSTOM.replace('kind: C', `kind: C${at}`)}---\n`,
    ),
  'functions of a pipeline': (n) =>
    `${KPTFILE}pipeline:\n  mutators:\n${many(n, (at) => `  - image: gcr.io/f:v${at % 7}\n    configMap: {v: VALUE}\n`)}`,
  'functions with names': (n) =>
    `${KPTFILE}pipeline:\n  mutators:\n${many(n, (at) => `  - {image: f${at}, name: n${at}, v: VALUE}\n`)}`,
  'items in brackets that upstream changes': (n) =>
    `${MAP}abd|  l: [${many(n, (at) => `x${at}, `)}]\nc|  l: [${many(n, (at) => `y${at}, `)}]\n`,
  'maps in one line that upstream changes': (n) =>
    `${MAP}abd|  l: {${many(n, (at) => `k${at}: {x: long}, `)}}\nc|  l: {${many(n, (at) => `k${at}: {x: long, y: 1}, `)}}\n`,
  'comments of which local removes the fields': (n) =>
    `${MAP}more:\n${many(4 * n, (at) => `  # c${at}\nacd|  k${at}: 1\nc|  # c${at}\nc|  n${at}: 1\n`)}  z: VALUE\n`,
  'functions that apply setters': (n) =>
    `${KPTFILE}pipeline:\n  mutators:\n${many(n, () => '  - image: gcr.io/apply-setters:v0\n    configMap: {v: VALUE}\n')}`,
  'values of setters': (n) =>
    `${KPTFILE}pipeline:\n  mutators:\n  - image: gcr.io/apply-setters:v0\n    configMap:\n      v: VALUE\n${many(n, (at) => `      s${at}: VALUE\n`)}`,
  'lines of a text': (n) => many(n, (at) => `line ${at} VALUE\n`),
  'equal lines of a text': (n) => `VALUE\n${'a\n'.repeat(n)}`,
  'empty lines of a text': (n) => `VALUE\n${'\n'.repeat(n)}`,
  'alternating lines of a text': (n) => many(n, (at) => (at % 2 === 0 ? 'VALUE\n' : 'x\n')),
}

export const WORKS = ['validation', 'diff', 'merge', 'setters', 'edits'] as const
export type Work = (typeof WORKS)[number]

const LINES = /^([a-d]+)\|(.*\n)/gm

function linesOf(value: string) {
  return (_: string, versions: string, line: string) => (versions.includes(value) ? line : '')
}

/** Prepares a kind of work on a text, and returns a function that does it. */
export function workOn(work: Work, text: string): () => unknown {
  const path = text.includes('kind: Kptfile') ? 'Kptfile' : text.startsWith('apiVersion') ? 'a.yaml' : 'a.txt'
  const version = (value: string): Resources =>
    new Map([[path, Buffer.from(text.replace(LINES, linesOf(value)).replaceAll('VALUE', value))]])
  const [original, local, upstream] = [
    plainFiles(version('a')),
    plainFiles(version('b')),
    plainFiles(version('c')),
  ]
  const merge = () => mergePackage({ original, local, upstream, strategy: 'resource-merge', prefer: 'local' })
  switch (work) {
    case 'validation':
      return () => {
        const read: [string, YamlFile][] = []
        validateResources(version('a'), readYamlFile, (name, file) => read.push([name, file]))
        return contentsOf(read)
      }
    case 'diff':
      return () => diffResources({ before: original, after: local })
    case 'merge':
      return merge
    case 'setters':
      return () => cloneResources({ resources: original.resources, note: NOTE, setters: SETTERS })
    case 'edits': {
      const conflicts = numbered(merge().conflicts)
      return () => editedConflicts({ conflicts, before: local, after: plainFiles(version('d')) })
    }
  }
}

/** A text of one item is a list, too. */
const SETTERS = { v: '[new]' }

const NOTE = {
  packagePath: 'x/y',
  upstream: { name: 'a.b.c', repository: 'a', package: 'b', revision: 1, digest: 'sha256:0', version: null },
}
