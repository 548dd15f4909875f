/** The rules of ARCHITECTURE.md that a machine can check: who imports whom, and how files look. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const SRC = join(import.meta.dirname, '../src')

type Table = Record<string, readonly string[]>

/** Which folders of src a folder may import, beside itself. The composition root may import everything. */
const MAY_IMPORT: Table = {
  core: [],
  domain: ['core'],
  oci: [],
  artifact: ['domain', 'oci', 'core'],
  registry: ['oci', 'core'],
  'registry/http': ['http', 'oci', 'core'],
  database: ['domain', 'core'],
  service: ['domain', 'artifact', 'oci', 'database', 'core'],
  http: ['domain', 'service/access', 'service/federation', 'core'],
  api: ['service', 'domain', 'http', 'core'],
  cli: ['server', 'service', 'domain', 'core', 'config.ts'],
  'config.ts': ['core', 'config-values.ts'],
  'config-values.ts': ['core'],
}

/** The same for the folders of src/service; "." is what stands right in it. */
const SERVICE_MAY_IMPORT: Table = {
  workers: [],
  access: ['.'],
  accounts: ['queries', 'access', 'audit', '.'],
  federation: ['accounts', 'access', 'audit', '.'],
  audit: ['access', 'queries', '.'],
  login: ['accounts', 'queries', 'access', 'audit', '.'],
  '.': ['workers', 'access', 'audit'],
  queries: ['access', '.'],
  drafts: ['workers', 'access', 'audit', '.'],
  review: ['drafts', 'access', 'audit', '.'],
  'glasskube-source': ['workers'],
  discovery: ['glasskube', 'glasskube-source', 'review', 'workers', 'access', 'audit', '.'],
  repositories: ['discovery', 'accounts', 'access', 'audit', 'webhooks', '.'],
  glasskube: ['workers', 'queries', 'access', 'audit', '.'],
  jobs: ['drafts', 'queries', 'access', 'audit', '.'],
  watch: ['queries', 'access', '.'],
  webhooks: ['watch', 'queries', 'access', 'audit', '.'],
  maintenance: ['review', 'workers', 'audit', '.'],
}

const COMPOSITION_ROOT = ['server', 'main.ts']

const MAX_LINES = 400

type Source = { path: string; text: string }

const sources: Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(join(SRC, path), 'utf8') }))

function importsOf({ text }: Source): string[] {
  return [
    ...text.matchAll(/^(?:import|export)\s[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|import\('([^']+)'\)/gm),
  ].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

/** The files of src that a file imports, types included. */
function filesImportedBy(source: Source): string[] {
  return importsOf(source)
    .filter((target) => target.startsWith('.'))
    .map((target) => relative(SRC, join(SRC, dirname(source.path), target)))
}

function topOf(path: string): string {
  return path.split('/')[0] ?? ''
}

function serviceFolderOf(path: string): string {
  const [, folder = '', ...rest] = path.split('/')
  return rest.length === 0 ? '.' : folder
}

/** Whether a path is `place`, or below it. */
function isIn(place: string, path: string): boolean {
  return path === place || path.startsWith(`${place}/`)
}

function mayImport(path: string, target: string): boolean {
  const top = topOf(path)
  if (COMPOSITION_ROOT.includes(top) || top === topOf(target)) return true
  const allowed = Object.entries(MAY_IMPORT).findLast(([place]) => isIn(place, path))?.[1] ?? []
  return allowed.some((place) => isIn(place, target))
}

function mayImportWithinService(path: string, target: string): boolean {
  const [from, to] = [serviceFolderOf(path), serviceFolderOf(target)]
  return from === to || (SERVICE_MAY_IMPORT[from]?.includes(to) ?? false)
}

function violations(source: Source): string[] {
  const { path } = source
  return filesImportedBy(source)
    .filter(
      (target) =>
        !mayImport(path, target) ||
        (isIn('service', path) && isIn('service', target) && !mayImportWithinService(path, target)),
    )
    .map((target) => `src/${path} imports src/${target}`)
}

/** Files that import each other in a circle, each circle once, as found by Tarjan's algorithm. */
function circles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = []
  const order = new Map<string, number>()
  const stack: string[] = []
  const visit = (file: string): number => {
    const at = order.size
    order.set(file, at)
    stack.push(file)
    let low = at
    for (const target of imports.get(file) ?? []) {
      if (!order.has(target)) low = Math.min(low, visit(target))
      else if (stack.includes(target)) low = Math.min(low, order.get(target) ?? at)
    }
    if (low === at) {
      const circle = stack.splice(stack.indexOf(file))
      if (circle.length > 1) found.push(circle.sort())
    }
    return low
  }
  for (const file of imports.keys()) if (!order.has(file)) visit(file)
  return found
}

/** Words of REST, which other surfaces cannot use. */
const HTTP_WORDS =
  /\/api\/|\b(?:GET|HEAD|POST|PUT|PATCH|DELETE) (?:\/|it|its)|If-Match|ETag|\bHTTP\b|Content-Type|\?\w+=|source\.[a-z]|source \{|[bB]ody\./

/** The texts of a file that read as sentences: literals with a blank. Names of methods and headers have none. */
function sentencesOf({ text }: Source): string[] {
  const tokens = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g
  return [...text.matchAll(tokens)]
    .map(([token]) => token.replaceAll(/\$\{[^}]*\}/g, '…'))
    .filter((token) => /^['"`]/.test(token) && token.includes(' '))
}

function httpWords(source: Source): string[] {
  return sentencesOf(source)
    .filter((sentence) => HTTP_WORDS.test(sentence))
    .map((sentence) => `src/${source.path}: ${sentence}`)
}

describe('the architecture', () => {
  it('has a rule for each folder', () => {
    const folders = new Set(sources.map(({ path }) => topOf(path)))
    const known = Object.keys(MAY_IMPORT).filter((place) => !place.includes('/'))
    expect([...folders].sort()).toEqual([...known, ...COMPOSITION_ROOT].sort())
    const ofService = new Set(
      sources.filter(({ path }) => isIn('service', path)).map(({ path }) => serviceFolderOf(path)),
    )
    expect([...ofService].sort()).toEqual(Object.keys(SERVICE_MAY_IMPORT).sort())
  })

  it('lets folders import only what stands below them', () => {
    expect(sources.flatMap(violations)).toEqual([])
  })

  it('finds an import that is not allowed', () => {
    const text = "import { Hono } from 'hono'\nimport {\n  x,\n} from '../../service/review/approve.ts'\n"
    expect(violations({ path: 'registry/http/x.ts', text })).toEqual([
      'src/registry/http/x.ts imports src/service/review/approve.ts',
    ])
    const upward = "import { approve } from '../review/approve.ts'\n"
    expect(violations({ path: 'service/drafts/x.ts', text: upward })).toEqual([
      'src/service/drafts/x.ts imports src/service/review/approve.ts',
    ])
  })

  it('has no circles of files, types included', () => {
    expect(circles(new Map(sources.map((source) => [source.path, filesImportedBy(source)])))).toEqual([])
  })

  it('finds a circle', () => {
    const imports = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', ['a']],
      ['d', []],
    ])
    expect(circles(imports)).toEqual([['a', 'b', 'c']])
  })

  it('keeps the OCI library free of dependencies', () => {
    const outside = sources
      .filter(({ path }) => isIn('oci', path))
      .flatMap((source) =>
        importsOf(source).filter((target) => !target.startsWith('.') && !target.startsWith('node:')),
      )
    expect(outside).toEqual([])
  })

  it('keeps SQL in the database, and SQLite in its folder there', () => {
    const importers = (name: string) =>
      sources.filter((source) => importsOf(source).includes(name)).map(({ path }) => path)
    expect(importers('kysely').filter((path) => !isIn('database', path))).toEqual([])
    expect(importers('better-sqlite3').filter((path) => !isIn('database/sqlite', path))).toEqual([])
    const dialect = sources
      .filter(({ path }) => isIn('database', path) && !isIn('database/sqlite', path))
      .filter(({ text }) =>
        /\b(?:INDEXED BY|CROSS JOIN|json_each|MATCH|rowid|strftime|INSERT OR|PRAGMA)\b|iif\(|instr\(/.test(
          text,
        ),
      )
    expect(dialect.map(({ path }) => path)).toEqual([])
  })

  it('lets only the composition root and the opening of the index know which database there is', () => {
    const knowing = sources
      .filter((source) => filesImportedBy(source).some((target) => isIn('database/sqlite', target)))
      .map(({ path }) => path)
      .filter((path) => !isIn('database/sqlite', path) && !isIn('server', path))
    expect(knowing).toEqual(['database/open.ts'])
  })

  it('keeps the domain free of I/O, clocks and HTTP', () => {
    const found = sources
      .filter(({ path }) => isIn('domain', path))
      .filter(({ text }) => /from 'node:|from 'hono|\bDate\b|\bfetch\(|\bprocess\./.test(text))
    expect(found.map(({ path }) => path)).toEqual([])
  })

  it('keeps the words of HTTP out of the errors of domain, service and what they stand on', () => {
    const places = ['core', 'domain', 'artifact', 'database', 'service']
    const below = sources.filter(({ path }) => places.includes(topOf(path)))
    expect(below.flatMap(sentencesOf).length).toBeGreaterThan(300)
    expect(below.flatMap(httpWords)).toEqual([])
  })

  it('finds the words of HTTP in an error, and nowhere else', () => {
    const text = [
      '/** PATCH /api/v1 */',
      "const method = 'PATCH'",
      'throw new AppError(`there is none; POST /api/v1/repositories creates one`)',
      "throw new AppError('send If-Match with it') // If-Match: *",
      'throw new AppError("source.copy.from: it is elsewhere")',
    ].join('\n')
    expect(httpWords({ path: 'service/x.ts', text })).toEqual([
      'src/service/x.ts: `there is none; POST /api/v1/repositories creates one`',
      "src/service/x.ts: 'send If-Match with it'",
      'src/service/x.ts: "source.copy.from: it is elsewhere"',
    ])
  })

  it('reads the environment in config.ts only', () => {
    const readers = sources.filter(({ text }) => text.includes('process.env')).map(({ path }) => path)
    expect(readers).toEqual(['config.ts'])
  })

  it(`has no file with more than ${MAX_LINES} lines`, () => {
    const long = sources.filter(({ text }) => text.split('\n').length > MAX_LINES).map(({ path }) => path)
    expect(long).toEqual([])
  })
})
