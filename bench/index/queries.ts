/** The queries of the index benchmark. Each returns a page of 100. */
import BetterSqlite3 from 'better-sqlite3'
import { writeToken } from '../../src/service/queries/continue-token.ts'
import { blueprintOf, packageAt, type Sample } from '../../test/support/sample-index.ts'

const BASE = '/api/v1'

export type Query = {
  what: string
  /** Returns the path of a request. It varies with `turn` if possible. */
  path: (turn: number) => string
}

/**
 * `repositories`: those that the caller sees. `tokenKey`: for the queries of a caller who sees all in a server that is
 * open; the others name nothing that is hidden.
 */
export function queriesOf(sample: Sample, repositories: readonly string[], tokenKey?: Buffer): Query[] {
  const repository = (turn: number) => repositories[turn % repositories.length]
  const list = (query: string) => () => `${BASE}/packagerevisions?${query}`
  const named = (turn: number) => packageAt(sample, (turn * 7919) % sample.packages)
  return [
    { what: 'first page', path: list('') },
    {
      what: 'one repository',
      path: (turn) => `${BASE}/packagerevisions?repository=${repository(turn)}`,
    },
    { what: 'a label on 60 %', path: list('labelSelector=env=prod') },
    {
      what: 'a label on 2 %',
      path: (turn) => `${BASE}/packagerevisions?labelSelector=team=team-${turn % 50}`,
    },
    { what: 'a label on 0.1 %', path: list('labelSelector=tier=gold') },
    { what: 'all labels but one (notin)', path: list('labelSelector=env notin (prod)') },
    { what: 'two labels, latest', path: list('labelSelector=env in (dev,test),team=team-4&latest=true') },
    { what: 'latest', path: list('latest=true') },
    { what: 'last changed first', path: list('sort=-updatedAt') },
    { what: 'drafts, last changed first', path: list('lifecycle=Draft&sort=-updatedAt') },
    {
      what: 'one repository, last changed first',
      path: (turn) => `${BASE}/packagerevisions?repository=${repository(turn)}&sort=-updatedAt`,
    },
    {
      what: 'a label on 2 %, last published first',
      path: list('labelSelector=team=team-3&sort=-publishedAt'),
    },
    { what: 'search, one package', path: (turn) => `${BASE}/packagerevisions?q=${named(turn).path}` },
    { what: 'search, a word in 13 %', path: list('q=upf') },
    { what: 'search, a word in all', path: list('q=default-deny') },
    { what: 'search, a word in 13 %, last changed first', path: list('q=upf&sort=-updatedAt') },
    { what: 'search, two words, latest', path: list('q=site-00 gate&latest=true') },
    ...(tokenKey
      ? [
          { what: 'a page near the end', path: list(`continue=${nearEnd(sample, tokenKey)}`) },
          { what: 'downstreams', path: () => `${BASE}/packagerevisions/${blueprint(sample)}/downstreams` },
        ]
      : []),
    { what: 'outdated', path: list('outdated=true') },
    { what: 'outdated and latest', path: list('outdated=true&latest=true') },
    {
      what: 'objects by kind and name',
      path: (turn) => `${BASE}/objects?kind=Service&name=${kindAt(sample, turn)}`,
    },
    { what: 'objects by kind, latest', path: () => `${BASE}/objects?kind=Deployment&latest=true` },
    {
      what: 'images',
      path: (turn) => `${BASE}/images?image=registry.example.com/nf/${kindAt(sample, turn)}`,
    },
    { what: 'packages', path: () => `${BASE}/packages` },
    { what: 'packages, search', path: (turn) => `${BASE}/packages?q=${named(turn).path}` },
  ]
}

function kindAt(sample: Sample, turn: number): string {
  return packageAt(sample, turn).path.replace(/.*\//, '')
}

/** Returns the token for a page near the end. */
function nearEnd(sample: Sample, tokenKey: Buffer): string {
  const { repository, path } = packageAt(sample, Math.max(0, sample.packages - 12))
  const filter = { labels: undefined }
  const sort = { field: 'name', descending: false }
  return writeToken(
    tokenKey,
    { list: 'packagerevisions', filter, sort, for: 'anonymous *;*' },
    { value: '', name: `${repository}.${path.replace('/', '.')}` },
  )
}

/** Returns the name of a revision that many others are based on. */
function blueprint(sample: Sample): string {
  const downstream = Array.from({ length: sample.packages }, (_, at) => at).find(
    (at) => at % 2 === 0 && blueprintOf(at) !== undefined,
  )
  const { repository, path } = packageAt(sample, blueprintOf(downstream ?? 0) ?? 0)
  return `${repository}.${path.replace('/', '.')}.v${1 + ((downstream ?? 0) % 9)}`
}

/** Returns the key that signs tokens, from the database of a server that has run. */
export function tokenKeyOf(file: string): Buffer {
  const database = new BetterSqlite3(file, { readonly: true })
  try {
    const value = database.prepare("SELECT value FROM settings WHERE name = 'continue-token'").pluck().get()
    return Buffer.from(String(value), 'hex')
  } finally {
    database.close()
  }
}
