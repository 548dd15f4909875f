/**
 * Random objects in every notation of YAML: styles of scalars, anchors, aliases, merge keys, tags, explicit keys, flow
 * collections, and comments everywhere; and random edits of them as people make, which leave all other text as it is.
 */
import fc from 'fast-check'

export type Nasty =
  | { kind: 'scalar'; text: string; anchor: Anchor }
  | { kind: 'map'; entries: Entry[]; flow: boolean; anchor: Anchor }
  | { kind: 'list'; entries: Entry[]; flow: boolean; anchor: Anchor }
  /** An alias of one of the anchors above it, chosen by a number. */
  | { kind: 'alias'; of: number; target?: Anchored }
type Anchored = Exclude<Nasty, { kind: 'alias' }>
/** Marked by `true`, and named later. */
type Anchor = boolean | string

/** A field or an item; `<<` is the key of a merge key. Comments are marked by `true`, and numbered later. */
export type Entry = {
  key: string
  explicit: boolean
  node: Nasty
  above: Comment
  behind: Comment
  below: Comment
}
type Comment = boolean | string

const SCALARS = [
  '0644 0o644 -0x1f 1_000 1:30 12e03 .5 1. 089 1.10 +5 9007199254740993 12345678901234567890 2001-01-01',
  'yes "yes" on Off y n true null ~ "" plain a-b http://x:80/y #no *not &not',
].flatMap((words) => words.split(' '))

const TEXTS = [
  ...SCALARS.filter((text) => !/^[#*&]/.test(text)),
  "'it''s'",
  '"a\\tb\\u00e9"',
  "'0644'",
  '!!str 12',
  '!!int "7"',
  '!custom x',
  'ü→𝄞',
  'two words',
  '"# no comment"',
  '|\n  line\n   more\n',
  '|-\n  no end',
  '|+\n  kept\n\n',
  '>\n  folded\n  line\n',
  '>-\n  folded\n\n  end',
  '|2\n    indented\n',
  '"double\n  quoted"',
  "'single\n\n  quoted'",
  'plain on\n  two lines',
]

const scalar: fc.Arbitrary<Nasty> = fc
  .record({ text: fc.constantFrom(...TEXTS), anchor: rarely() })
  .map((fields) => ({ kind: 'scalar', ...fields }))

function rarely(): fc.Arbitrary<boolean> {
  return fc.nat(7).map((at) => at === 7)
}

const KEYS = [
  'alpha',
  'beta',
  'gamma',
  'on',
  '0644',
  '"quoted key"',
  "'x: y'",
  'app.kubernetes.io/name',
  '!!str tagged',
]

const entry = (key: fc.Arbitrary<string>, node: fc.Arbitrary<Nasty>): fc.Arbitrary<Entry> =>
  fc.record({ key, explicit: rarely(), node, above: rarely(), behind: rarely(), below: rarely() })

const { node } = fc.letrec<{ node: Nasty }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    { weight: 4, arbitrary: scalar },
    { weight: 1, arbitrary: fc.nat().map((of): Nasty => ({ kind: 'alias', of })) },
    { weight: 3, arbitrary: mapOf(tie('node')) },
    {
      weight: 2,
      arbitrary: fc
        .record({
          entries: fc.array(entry(fc.constant('-'), tie('node')), { maxLength: 4 }),
          flow: rarely(),
          anchor: rarely(),
        })
        .map((fields): Nasty => ({ kind: 'list', ...fields })),
    },
  ),
}))

function mapOf(value: fc.Arbitrary<Nasty>): fc.Arbitrary<Nasty> {
  const key = fc.constantFrom(...KEYS, '<<')
  const entries = fc.uniqueArray(entry(key, value), { maxLength: 5, selector: (field) => field.key })
  return fc
    .record({ entries, flow: rarely(), anchor: rarely() })
    .map((fields): Nasty => ({ kind: 'map', ...fields }))
}

/** The value of `spec` of an object: a map in block style, with a list of containers. */
export const nastyObject: fc.Arbitrary<Nasty> = fc
  .tuple(
    fc.uniqueArray(entry(fc.constantFrom(...KEYS), node), {
      minLength: 1,
      maxLength: 6,
      selector: ({ key }) => key,
    }),
    fc.uniqueArray(
      fc.tuple(fc.constantFrom('web', 'side', 'log', 'init'), mapOf(node), entry(fc.constant('-'), scalar)),
      {
        maxLength: 4,
        selector: ([name]) => name,
      },
    ),
  )
  .map(([entries, containers]) => {
    const items = containers.map(([name, map, item]) => ({
      ...item,
      node: withName(name, map),
      explicit: false,
    }))
    const list = field('containers', { kind: 'list', entries: items, flow: false, anchor: false })
    const pod = field('spec', { kind: 'map', entries: [list], flow: false, anchor: false })
    const template = field('template', { kind: 'map', entries: [pod], flow: false, anchor: false })
    return { kind: 'map', entries: [template, ...entries], flow: false, anchor: false }
  })

function field(key: string, node: Nasty): Entry {
  return { key, explicit: false, node, above: false, behind: false, below: false }
}

function withName(name: string, map: Nasty): Nasty {
  const own = entriesOf(map).filter(({ key }) => key !== '<<')
  return { ...map, entries: [field('name', { kind: 'scalar', text: name, anchor: false }), ...own] } as Nasty
}

/** An edit at a place chosen by a number, so that it fits every object. */
export type Edit = {
  kind: 'set' | 'remove' | 'add' | 'swap' | 'comment' | 'inline'
  at: number
  entry: Entry
}

export const nastyEdits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({
    kind: fc.constantFrom<Edit['kind'][]>(
      'set',
      'set',
      'remove',
      'add',
      'add',
      'swap',
      'comment',
      'inline',
    ) as fc.Arbitrary<Edit['kind']>,
    at: fc.nat(),
    entry: entry(fc.constantFrom(...KEYS, '<<'), node),
  }),
  { maxLength: 3 },
)

/** Returns an edited copy, in which new comments and anchors are called after the side that made the edits. */
export function edited(object: Nasty, edits: readonly Edit[], side: string): Nasty {
  const copy = structuredClone(object)
  for (const [index, edit] of edits.entries()) {
    const collections = [...collectionsIn(copy)]
    const { kind, entries } = collections[edit.at % collections.length] as Collection
    const old = entries[edit.at % Math.max(entries.length, 1)]
    const name = `${side}${index}`
    const added = structuredClone(edit.entry)
    if (edit.kind === 'add') {
      if (kind === 'map' && entries.some(({ key }) => key === added.key)) continue
      named(added, name, anchorsIn(copy))
      entries.splice(edit.at % (entries.length + 1), 0, { ...added, key: kind === 'map' ? added.key : '-' })
    } else if (!old || PINNED.has(old.key)) continue
    else if (edit.kind === 'set') {
      named(added, name, anchorsIn(copy))
      old.node = added.node
    } else if (edit.kind === 'remove') entries.splice(entries.indexOf(old), 1)
    else if (edit.kind === 'swap') entries.push(...entries.splice(entries.indexOf(old), 1))
    else if (edit.kind === 'comment') old.behind = old.behind ? false : `# ${name}`
    else if (old.node.kind === 'map' || old.node.kind === 'list') old.node.flow = !old.node.flow
  }
  return copy
}

/** What makes the object and its keyed list; edits leave it alone. */
const PINNED = new Set(['template', 'spec', 'containers', 'name'])

type Collection = Nasty & { kind: 'map' | 'list' }

function* collectionsIn(node: Nasty): Generator<Collection> {
  if (node.kind === 'scalar' || node.kind === 'alias') return
  if (!node.entries.some(({ key }) => PINNED.has(key) && key !== 'name')) yield node
  for (const entry of node.entries) yield* collectionsIn(entry.node)
}

/** Names the marked comments and anchors of a whole object, before edits. */
export function prepared(object: Nasty): Nasty {
  const copy = structuredClone(object)
  const anchors: Anchored[] = []
  for (const [at, entry] of entriesOf(copy).entries()) named(entry, `c${at}`, anchors)
  return copy
}

function entriesOf(node: Nasty): readonly Entry[] {
  return node.kind === 'scalar' || node.kind === 'alias' ? [] : node.entries
}

function anchorsIn(node: Nasty): Anchored[] {
  const found = entriesOf(node).flatMap((entry) => anchorsIn(entry.node))
  return node.kind !== 'alias' && typeof node.anchor === 'string' ? [...found, node] : found
}

/** Names the comments and anchors of an entry, and chooses the targets of its aliases among the anchors above. */
function named(entry: Entry, name: string, anchors: Anchored[]): void {
  for (const where of ['above', 'behind', 'below'] as const)
    if (entry[where] === true) entry[where] = `# ${name}${where}`
  const { node } = entry
  for (const [at, inner] of entriesOf(node).entries()) named(inner, `${name}_${at}`, anchors)
  if (node.kind === 'alias') {
    const target = anchors[node.of % Math.max(anchors.length, 1)]
    if (target) node.target = target
  } else if (node.anchor === true) {
    node.anchor = `a${name}`
    anchors.push(node)
  }
}

export type Notation = { indent: 2 | 4; dashes: boolean; crlf: boolean; end: boolean }

export const notation: fc.Arbitrary<Notation> = fc.record({
  indent: fc.constantFrom(2 as const, 4 as const),
  dashes: fc.boolean(),
  crlf: rarely(),
  end: rarely().map((isMissing) => !isMissing),
})

const HEAD = 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: x # the name\nspec:\n'

export function renderNasty(object: Nasty, style: Notation): string {
  const text = HEAD + new Renderer(style).entries(entriesOf(object), style.indent)
  const lines = style.crlf ? text.replaceAll('\n', '\r\n') : text
  return style.end ? lines : lines.replace(/\r?\n$/, '')
}

class Renderer {
  readonly #style: Notation
  /** The anchored nodes above. */
  readonly #above = new Set<Nasty>()
  /** The nodes around the current place, of which there can be no alias. */
  readonly #around: Nasty[] = []

  constructor(style: Notation) {
    this.#style = style
  }

  entries(entries: readonly Entry[], column: number): string {
    // Fields above a merge key would have no effect if it has them too, so only a few are there.
    const merges = entries.filter(({ key, explicit }) => key === '<<' && !explicit)
    return [...merges, ...entries.filter((entry) => !merges.includes(entry))]
      .map((entry) => this.#entry(entry, column))
      .join('')
  }

  #entry(entry: Entry, column: number): string {
    const { key } = entry
    const start = ' '.repeat(column)
    // A merge key needs a map.
    const target = entry.node.kind === 'alias' ? entry.node.target : entry.node
    if (
      key === '<<' &&
      (target?.kind !== 'map' || target.entries.length === 0 || this.#around.includes(target))
    )
      return ''
    const above = entry.above ? `${start}${entry.above}\n` : ''
    const below = entry.below ? `${start}  ${entry.below}\n` : ''
    const behind = entry.behind ? ` ${entry.behind}` : ''
    const isExplicit = entry.explicit && key !== '-' && key !== '<<'
    const head = key === '-' ? key : isExplicit ? `? ${key}\n${start}:` : `${key}:`
    const value = this.#value(entry.node, column, behind, key === '-')
    // A comment below a block scalar is a part of it.
    return `${above}${start}${head}${value}${/ [|>][-+0-9]*(?: #.*)?$/m.test(value) ? '' : below}`
  }

  /** Renders a value behind its colon or dash, with the line feed. */
  #value(node: Nasty, column: number, behind: string, isItem: boolean): string {
    if (node.kind === 'alias') {
      const { target } = node
      if (!target || this.#around.includes(target)) return ` none${behind}\n`
      if (this.#above.has(target)) return ` *${target.anchor}${behind}\n`
      this.#around.push(target)
      const text = this.#content({ ...target, anchor: false }, column, behind, isItem)
      this.#around.pop()
      return text
    }
    this.#around.push(node)
    const text = this.#content(node, column, behind, isItem)
    this.#around.pop()
    if (typeof node.anchor === 'string') this.#above.add(node)
    return text
  }

  #content(node: Anchored, column: number, behind: string, isItem: boolean): string {
    const anchor = typeof node.anchor === 'string' ? ` &${node.anchor}` : ''
    if (node.kind === 'scalar') return scalarText(node.text, column, anchor, behind)
    const { indent, dashes } = this.#style
    if (node.flow || node.entries.length === 0) return `${anchor} ${this.#flow(node, column)}${behind}\n`
    const inner = column + (isItem ? 2 : node.kind === 'list' && !dashes ? 0 : indent)
    const text = this.entries(node.entries, inner)
    if (text === '') return `${anchor} {}${behind}\n`
    // The first field of an item is on the line of the dash.
    if (isItem && anchor === '' && behind === '' && !/^ *#/.test(text)) return ` ${text.trimStart()}`
    return `${anchor}${behind}\n${text}`
  }

  /** Renders the parts line by line if they have comments. */
  #flow(node: Nasty, column: number): string {
    if (node.kind === 'alias') {
      const { target } = node
      if (!target || this.#around.includes(target)) return 'none'
      if (this.#above.has(target)) return `*${target.anchor} `
      this.#around.push(target)
      const text = this.#flow(target, column)
      this.#around.pop()
      return text
    }
    if (node.kind === 'scalar') return flowScalar(node.text)
    const parts = node.entries.filter(({ key }) => key !== '<<')
    const texts = parts.map(
      (part) => (node.kind === 'map' ? `${part.key}: ` : '') + this.#flow(part.node, column + 2),
    )
    const [open, close] = node.kind === 'map' ? '{}' : '[]'
    if (!parts.some(({ behind }) => behind)) return `${open}${texts.join(', ')}${close}`
    const line = `\n${' '.repeat(column + 2)}`
    const lines = texts.map((text, at) => {
      const comma = at === texts.length - 1 ? '' : ','
      return `${line}${text}${comma}${parts[at]?.behind ? ` ${parts[at].behind}` : ''}`
    })
    return `${open}${lines.join('')}\n${' '.repeat(column + 1)}${close}`
  }
}

function scalarText(text: string, column: number, anchor: string, behind: string): string {
  const [first = '', ...lines] = text.replace(/\n$/, '').split('\n')
  const isBlock = /^[|>]/.test(first)
  const rest = lines.map((line) => (line === '' ? '\n' : `\n${' '.repeat(column)}${line}`)).join('')
  const end = text.endsWith('\n\n') ? '\n' : ''
  if (isBlock) return `${anchor} ${first}${behind}${rest}${end}\n`
  return `${anchor} ${first}${rest}${behind}\n`
}

function flowScalar(text: string): string {
  return /\n|^[!"']|[,[\]{}:]/.test(text) ? JSON.stringify(text.replace(/\W+/g, ' ')) : text
}
