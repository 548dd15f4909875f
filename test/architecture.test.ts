/** The rules of ARCHITECTURE.md that a machine can check: who imports whom, and how files look. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const SRC = join(import.meta.dirname, '../src')

/** Which folders of src a folder may import, beside itself and the files below. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  package: [],
  oci: [],
  artifact: ['package', 'oci'],
  registry: ['oci'],
  database: ['package'],
  service: ['package', 'artifact', 'oci', 'database'],
  api: ['service', 'package'],
  cli: ['api', 'package'],
}

/** Files right in src that folders may import, and which folders may. */
const SHARED: Record<string, (folder: string) => boolean> = {
  'errors.ts': (folder) => folder !== 'oci',
  'etag.ts': (folder) => folder === 'registry' || folder === 'api',
  'git-blob.ts': (folder) => folder === 'package',
  'folder.ts': (folder) => folder === 'registry',
  'keyed-lock.ts': (folder) => folder === 'registry' || folder === 'service',
  'request-body.ts': (folder) => folder === 'registry' || folder === 'api',
  'sendable.ts': (folder) => folder === 'registry' || folder === 'api' || folder === 'cli',
  'utf8.ts': (folder) => folder === 'artifact' || folder === 'package' || folder === 'api',
  'config.ts': (folder) => folder === 'cli',
}

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

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : ''
}

function violations({ path, text }: Source): string[] {
  const folder = folderOf(path)
  if (folder === '') return []
  return importsOf({ path, text })
    .filter((target) => target.startsWith('.'))
    .map((target) => relative(SRC, join(SRC, dirname(path), target)))
    .filter((target) => {
      const other = folderOf(target)
      if (other === folder) return false
      return other === '' ? !SHARED[target]?.(folder) : !MAY_IMPORT[folder]?.includes(other)
    })
    .map((target) => `src/${path} imports src/${target}`)
}

describe('the architecture', () => {
  it('has a rule for each folder', () => {
    const folders = new Set(sources.map(({ path }) => folderOf(path)).filter(Boolean))
    expect([...folders].sort()).toEqual(Object.keys(MAY_IMPORT).sort())
  })

  it('lets folders import only what stands below them', () => {
    expect(sources.flatMap(violations)).toEqual([])
  })

  it('would find an import that is not allowed', () => {
    const text = "import { Hono } from 'hono'\nimport {\n  x,\n} from '../../service/approve.ts'\n"
    expect(violations({ path: 'registry/http/x.ts', text })).toEqual([
      'src/registry/http/x.ts imports src/service/approve.ts',
    ])
  })

  it('keeps the OCI library free of dependencies', () => {
    const outside = sources
      .filter(({ path }) => folderOf(path) === 'oci')
      .flatMap((source) =>
        importsOf(source).filter((target) => !target.startsWith('.') && !target.startsWith('node:')),
      )
    expect(outside).toEqual([])
  })

  it('keeps the domain free of I/O, clocks and HTTP', () => {
    const found = sources
      .filter(({ path }) => folderOf(path) === 'package')
      .filter(({ text }) => /from 'node:|from 'hono|\bDate\b|\bfetch\(|\bprocess\./.test(text))
    expect(found.map(({ path }) => path)).toEqual([])
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
