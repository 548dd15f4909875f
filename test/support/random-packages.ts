/** Random packages of KRM objects with comments, in random styles of YAML, and random changes of them. */
import fc from 'fast-check'
import type { Resources } from '../../src/domain/resources.ts'

export type Value = null | boolean | number | string | Value[] | { [key: string]: Value }
export type Fields = { [key: string]: Value }

/** The objects of each file. */
export type Package = { [path: string]: Fields[] }

const KEYS = ['alpha', 'beta', 'gamma', 'delta', 'app.kubernetes.io/name', 'with space']

const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.integer({ min: -3, max: 300 }),
  fc.boolean(),
  fc.constantFrom(
    'x',
    'yes',
    'on',
    '',
    'null',
    '1e3',
    '010',
    ' lead',
    'a: b',
    '- c',
    '# d',
    "it's",
    'say "so"',
  ),
  fc.constantFrom('two\nlines\n', 'no\nend', '{{ .Values }}', '*star', '&and', '%', '@', 'tab\there', 'ü→𝄞'),
  fc.constant(null),
)

const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    { weight: 3, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
    {
      weight: 2,
      arbitrary: fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 4 }).map(withPrototype),
    },
  ),
}))

export const randomFields: fc.Arbitrary<Fields> = fc
  .dictionary(fc.constantFrom(...KEYS), value, { minKeys: 1, maxKeys: 5 })
  .map(withPrototype)

/** fast-check makes maps without a prototype; parsers do not. */
function withPrototype<T extends object>(map: T): T {
  return { ...map }
}

const named = (names: readonly string[], fields: fc.Arbitrary<Fields>): fc.Arbitrary<Fields[]> =>
  fc
    .uniqueArray(fc.constantFrom(...names), { maxLength: names.length })
    .chain((chosen) =>
      fc.tuple(...chosen.map((name) => fields.map((rest) => ({ name, ...rest })))).map((items) => [...items]),
    )

const env = fc.record({ value: fc.constantFrom('info', 'debug', 'yes', '8080', '') })
const container = fc.record({
  image: fc.constantFrom('nginx:1.27', 'nginx:1.28', 'redis:7'),
  env: named(['LOG', 'PORT', 'HOST'], env),
  args: fc.array(fc.constantFrom('-v', '--port=80', '--all'), { maxLength: 3 }),
})
const deployment = fc.record({
  replicas: fc.integer({ min: 0, max: 9 }),
  template: fc.record({ spec: fc.record({ containers: named(['web', 'side', 'log'], container) }) }),
})

const object = (name: string): fc.Arbitrary<Fields> =>
  fc.oneof(
    fc.record({ labels: randomFields, spec: deployment }).map(({ labels, spec }) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, labels },
      spec,
    })),
    randomFields.map((data) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })),
    randomFields.map((spec) => ({
      apiVersion: 'example.com/v1',
      kind: 'Thing',
      metadata: { name, namespace: 'shop' },
      spec,
    })),
  )

const PATHS = ['a.yaml', 'b.yaml', 'sub/c.yaml']
const NAMES = ['n1', 'n2', 'n3', 'n4', 'n5']

export const randomPackage: fc.Arbitrary<Package> = fc
  .tuple(...NAMES.map((name) => fc.tuple(fc.constantFrom(...PATHS), fc.option(object(name)))))
  .map((placed) => {
    const files: Package = {}
    for (const [path, object] of placed) if (object) files[path] = [...(files[path] ?? []), object]
    return files
  })

/** A change at a place chosen by a number, so that it fits every package. */
export type Change = {
  kind: 'set' | 'remove' | 'add' | 'delete object' | 'add object'
  at: number
  value: Value
}

export const randomChanges: fc.Arbitrary<Change[]> = fc.array(
  fc.record({
    kind: fc.constantFrom<Change['kind']>(
      'set',
      'set',
      'set',
      'remove',
      'add',
      'add',
      'delete object',
      'add object',
    ),
    at: fc.nat(),
    value,
  }),
  { maxLength: 5 },
)

/** Changes of fields only. */
export const randomFieldChanges: fc.Arbitrary<Change[]> = fc.array(
  fc.record({ kind: fc.constantFrom<Change['kind']>('set', 'remove', 'add'), at: fc.nat(), value }),
  { maxLength: 5 },
)

/** A map, a key in it, and the path of the field, with NUL between its parts. */
type Spot = { map: Fields; key: string; path: string }

/** Applies the changes for which `allowed` holds, and calls `made` with their paths. */
export function changed(
  files: Package,
  changes: readonly Change[],
  allowed: (path: string) => boolean = () => true,
  made: (path: string) => void = () => {},
): Package {
  const result = structuredClone(files)
  for (const { kind, at, value } of changes) {
    const objects = Object.values(result).flatMap((list) => list.map((object) => ({ list, object })))
    if (kind === 'add object') {
      const path = PATHS[at % PATHS.length] as string
      const name = `added${at % 3}`
      if (objects.some(({ object }) => nameOf(object) === name)) continue
      const list = result[path] ?? []
      result[path] = list
      const added = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { alpha: value } }
      list.splice(at % (list.length + 1), 0, added)
      continue
    }
    if (kind === 'delete object') {
      const chosen = objects[at % Math.max(objects.length, 1)]
      chosen?.list.splice(chosen.list.indexOf(chosen.object), 1)
      continue
    }
    const spots = objects.flatMap(({ object }) => [...spotsOf(object)])
    const spot = spots[at % Math.max(spots.length, 1)]
    if (!spot) continue
    const key = kind === 'add' ? (KEYS[at % KEYS.length] as string) : spot.key
    const path = kind === 'add' ? spot.path.replace(/[^\0]*$/, key) : spot.path
    if (!allowed(path)) continue
    made(path)
    if (kind === 'remove') delete spot.map[key]
    else spot.map[key] = structuredClone(value)
  }
  return Object.fromEntries(Object.entries(result).filter(([, objects]) => objects.length > 0))
}

export function nameOf(object: Fields): string {
  return String((object.metadata as Fields).name)
}

function* spotsOf(object: Fields): Generator<Spot> {
  for (const key of ['spec', 'data']) {
    if (Object.hasOwn(object, key)) yield* spotsIn(object[key] as Value, `${nameOf(object)}\0${key}`)
  }
  const { labels } = object.metadata as Fields
  if (labels) yield* spotsIn(labels, `${nameOf(object)}\0metadata\0labels`)
}

function* spotsIn(value: Value, path: string): Generator<Spot> {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const item of value) {
      const name = typeof item === 'object' && item && !Array.isArray(item) ? item.name : undefined
      // Lists with items that have no name are atomic.
      if (typeof name === 'string') yield* spotsIn(item as Value, `${path}\0${name}`)
    }
    return
  }
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'name') continue
    yield { map: value, key, path: `${path}\0${key}` }
    yield* spotsIn(inner, `${path}\0${key}`)
  }
}

export type Style = {
  seed: number
  indent: 2 | 4
  dashes: boolean
  comments: boolean
  crlf: boolean
  flow: boolean
}

export const randomStyle: fc.Arbitrary<Style> = fc.record({
  seed: fc.nat(1000),
  indent: fc.constantFrom(2 as const, 4 as const),
  dashes: fc.boolean(),
  comments: fc.boolean(),
  crlf: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  flow: fc.boolean(),
})

/** Renders the files in a style; the same fields always have the same text. */
export function render(files: Package, style: Style): Resources {
  return new Map(
    Object.entries(files).map(([path, objects]) => [path, Buffer.from(renderFile(objects, style))]),
  )
}

function renderFile(objects: readonly Fields[], style: Style): string {
  const text = objects.map((object) => renderObject(object, style)).join('---\n')
  return style.crlf ? text.replaceAll('\n', '\r\n') : text
}

/** Renders an object with the comments of `commentAt`. */
export function renderObject(object: Fields, style: Style): string {
  return new Writer(style, nameOf(object)).map(object, '', 0)
}

/** Returns the comment of a field, which is a hash of its place. */
export function commentAt(name: string, path: string, where: 'above' | 'behind'): string {
  return `# c${hash(`${name} ${path} ${where}`)}`
}

class Writer {
  readonly #style: Style
  readonly #name: string

  constructor(style: Style, name: string) {
    this.#style = style
    this.#name = name
  }

  map(fields: Fields, path: string, column: number): string {
    return Object.entries(fields)
      .map(([key, value]) => this.#entry(`${inline(key, 0)}:`, value, `${path}/${key}`, column))
      .join('')
  }

  #list(items: readonly Value[], path: string, column: number): string {
    return items
      .map((item, at) => {
        const inner = `${path}/${nameIn(item) ?? at}`
        if (!isFields(item) || Object.keys(item).length === 0) return this.#entry('-', item, inner, column)
        const text = this.map(item, inner, column + 2)
        // A comment above the first field of an item goes above the dash.
        const above = /^( *#.*\n)*/.exec(text)?.[0] ?? ''
        const dashed = text.slice(above.length).replace(/^ */, `${' '.repeat(column)}- `)
        return above.replace(/^ {2}/gm, '') + dashed
      })
      .join('')
  }

  /** Renders `key: value`, or `- value`. */
  #entry(head: string, value: Value, path: string, column: number): string {
    const { comments, dashes, indent } = this.#style
    const start = ' '.repeat(column)
    const above =
      comments && this.#chance(`${path} above`, 5) ? `${start}${this.#comment(path, 'above')}\n` : ''
    const behind = comments && this.#chance(`${path} behind`, 5) ? ` ${this.#comment(path, 'behind')}` : ''
    const open = `${above}${start}${head}`
    if (typeof value === 'object' && value !== null) {
      const empty = Object.keys(value).length === 0
      const flow = this.#style.flow && this.#chance(`${path} flow`, 3)
      if (empty || flow || head === '-') return `${open} ${inline(value, this.#style.seed)}${behind}\n`
      const deeper = Array.isArray(value) && !dashes ? column : column + indent
      const inner = Array.isArray(value) ? this.#list(value, path, deeper) : this.map(value, path, deeper)
      return `${open}${behind}\n${inner}`
    }
    if (typeof value === 'string' && /^[^\s#][^\t]*\n/.test(value) && this.#chance(`${path} block`, 2)) {
      const chomp = value.endsWith('\n') ? '|' : '|-'
      const lines = value.replace(/\n$/, '').split('\n')
      return `${open} ${chomp}\n${lines.map((line) => `${start}${' '.repeat(indent)}${line}\n`).join('')}`
    }
    return `${open} ${inline(value, hash(path) + this.#style.seed)}${behind}\n`
  }

  #comment(path: string, where: 'above' | 'behind'): string {
    return commentAt(this.#name, path, where)
  }

  #chance(what: string, oneIn: number): boolean {
    return hash(`${this.#style.seed} ${what}`) % oneIn === 0
  }
}

export function isFields(value: Value | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function nameIn(item: Value): string | undefined {
  return isFields(item) && typeof item.name === 'string' ? item.name : undefined
}

/** Renders a value in one line, and strings in one of three styles. */
function inline(value: Value, style: number): string {
  if (Array.isArray(value)) return `[${value.map((item) => inline(item, style)).join(', ')}]`
  if (isFields(value)) {
    const fields = Object.entries(value).map(([key, item]) => `${inline(key, 0)}: ${inline(item, style)}`)
    return `{${fields.join(', ')}}`
  }
  if (typeof value !== 'string') return style % 7 === 1 && value === null ? '~' : String(value)
  const safe = /^[A-Za-z][\w./:-]*\w$/.test(value) && !/^(?:null|true|false|yes|no|on|off)$/i.test(value)
  if (safe && style % 3 === 0) return value
  if (/^[ -~]*$/.test(value) && style % 3 === 1) return `'${value.replaceAll("'", "''")}'`
  return JSON.stringify(value)
}

/** FNV-1a. */
function hash(text: string): number {
  let sum = 2166136261
  for (const char of text) sum = Math.imul(sum ^ (char.codePointAt(0) ?? 0), 16777619) >>> 0
  return sum
}
