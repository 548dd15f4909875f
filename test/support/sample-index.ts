/** Fills an index in bulk: rows go directly into SQLite, and its triggers do the rest. */
import { createHash } from 'node:crypto'
import BetterSqlite3, { type Database } from 'better-sqlite3'
import { openDatabase } from '../../src/database/sqlite/open.ts'
import { CONTENTS_RULES } from '../../src/domain/contents.ts'

const REVISIONS = 10
const ENVIRONMENTS = ['prod', 'prod', 'prod', 'dev', 'test']
const FUNCTIONS = ['upf', 'smf', 'amf', 'gateway', 'cache', 'billing', 'metrics', 'ingress']
/** One package out of this many is a blueprint for the others. */
const BLUEPRINT_EVERY = 20
const BATCH = 2000

/** The numbers from which the sample's names are made, so that queries can use the names. */
export type Sample = { revisions: number; repositories: number; packages: number }

export function sampleOf(revisions: number): Sample {
  const packages = Math.ceil(revisions / REVISIONS)
  return { revisions, packages, repositories: Math.min(1000, Math.max(10, Math.floor(packages / 100))) }
}

export function repositoryAt(at: number): string {
  return `site-${String(at).padStart(3, '0')}`
}

/** Returns a package by its position. The packages of a repository are adjacent, as their names are. */
export function packageAt(sample: Sample, at: number): { repository: string; path: string } {
  const perRepository = Math.ceil(sample.packages / sample.repositories)
  const kind = FUNCTIONS[at % FUNCTIONS.length]
  const number = String(at % perRepository).padStart(6, '0')
  return { repository: repositoryAt(Math.floor(at / perRepository)), path: `cluster-${number}/${kind}` }
}

/** Returns the blueprint of a package, or undefined if the package is a blueprint. */
export function blueprintOf(at: number): number | undefined {
  if (at % BLUEPRINT_EVERY === 0) return undefined
  // Half of all packages share a few blueprints; the others each use the nearest one.
  return at % 2 === 0 ? (at % 3) * BLUEPRINT_EVERY : at - (at % BLUEPRINT_EVERY)
}

export async function load(file: string, sample: Sample): Promise<void> {
  await openDatabase(file).destroy()
  const database = new BetterSqlite3(file)
  database.pragma('synchronous = OFF')
  database.pragma('cache_size = -400000')
  const recreateIndexes = dropIndexes(database)
  const insert = statements(database)
  for (let at = 0; at < sample.repositories; at++) insert.repository.run(repositoryAt(at))
  for (let from = 0; from < sample.packages; from += BATCH / REVISIONS) {
    database.transaction(() => {
      const to = Math.min(from + BATCH / REVISIONS, sample.packages)
      for (let at = from; at < to; at++) addPackage(insert, sample, at)
    })()
  }
  recreateIndexes()
  database.prepare("UPDATE counters SET value = ? WHERE name = 'resource_version'").run(sample.revisions)
  database.pragma('wal_checkpoint(TRUNCATE)')
  database.close()
}

/** Drops indexes that inserts do not read: creating them at the end is faster. Returns a function that does so. */
function dropIndexes(database: Database): () => void {
  const indexes = database
    .prepare<[], { name: string; sql: string }>(
      `SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL
       AND tbl_name IN ('package_revisions', 'package_revision_labels', 'content_objects', 'content_images')
       AND name NOT LIKE '%contents'`,
    )
    .all()
  for (const { name } of indexes) database.exec(`DROP INDEX ${name}`)
  return () => {
    for (const { sql } of indexes) database.exec(sql)
  }
}

function statements(database: Database) {
  const columns = database
    .prepare<[], string>(
      "SELECT name FROM pragma_table_info('package_revisions') WHERE name NOT IN ('id', 'contents_id')",
    )
    .pluck()
    .all()
  const row = `INSERT INTO package_revisions (${columns}) VALUES (${columns.map((name) => `@${name}`)})`
  return {
    repository: database.prepare(
      "INSERT INTO repositories (name, type, description, labels, created_by, created_at, updated_at, resource_version) VALUES (?, 'deployment', '', '{}', 'bench', '', '', 1)",
    ),
    package: database.prepare(
      'INSERT INTO packages (repository, path, highest_revision, versioned) VALUES (?, ?, ?, 0)',
    ),
    revision: database.prepare(row),
    label: database.prepare('INSERT INTO package_revision_labels VALUES (?, ?, ?, ?)'),
    contents: database.prepare(
      `INSERT INTO contents (layer_digest, words, rules) VALUES (?, ?, ${CONTENTS_RULES})`,
    ),
    object: database.prepare(
      'INSERT INTO objects (api_version, kind, namespace, name) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET kind = kind RETURNING id',
    ),
    contentObject: database.prepare('INSERT INTO content_objects VALUES (?, ?, ?)'),
    image: database.prepare(
      'INSERT INTO images (repository, reference) VALUES (?, ?) ON CONFLICT DO UPDATE SET repository = repository RETURNING id',
    ),
    contentImage: database.prepare('INSERT INTO content_images (contents_id, image_id) VALUES (?, ?)'),
  }
}

type Statements = ReturnType<typeof statements>

function addPackage(insert: Statements, sample: Sample, at: number): void {
  const { repository, path } = packageAt(sample, at)
  const packageId = insert.package.run(repository, path, REVISIONS - 1).lastInsertRowid
  const kind = path.slice(path.indexOf('/') + 1)
  const namespace = `${repository}-${kind}`
  const objects = [
    ['v1', 'Namespace', '', namespace],
    ['v1', 'ConfigMap', namespace, `${kind}-settings-${at}`],
    ['v1', 'Service', namespace, kind],
    ['apps/v1', 'Deployment', namespace, `${kind}-${at}`],
    ['networking.k8s.io/v1', 'NetworkPolicy', namespace, 'default-deny'],
    ['v1', 'ServiceAccount', namespace, kind],
  ].map((object) => insert.object.pluck().get(...object))
  const words = `\n the ${kind} of cluster ${at}\n telecom\n config map ${kind} settings ${at}\n deployment ${kind} ${at}\n service ${kind}\n network policy default deny`
  for (let number = 1; number <= REVISIONS; number++) {
    const contents = insert.contents.run(digest(`${at}/${number}`), words).lastInsertRowid
    for (const object of objects) insert.contentObject.run(contents, object, 'package.yaml')
    const image = `registry.example.com/nf/${kind}`
    const imageId = insert.image.pluck().get(image, `${image}:1.${number % 5}.${at % 50}`)
    insert.contentImage.run(contents, imageId)
    addRevision(insert, sample, at, { packageId, number })
  }
}

function addRevision(
  insert: Statements,
  sample: Sample,
  at: number,
  { packageId, number }: { packageId: number | bigint; number: number },
): void {
  const { repository, path } = packageAt(sample, at)
  const draft = number === REVISIONS
  const workspace = `v${number}`
  const name = `${repository}.${path.replace('/', '.')}.${workspace}`
  // The order of the timestamps differs from that of the names.
  const when = new Date(1.7e12 + ((at * 7919) % sample.packages) * 60_000 + number * 1000).toISOString()
  const labels = {
    env: ENVIRONMENTS[at % ENVIRONMENTS.length] ?? '',
    team: `team-${at % 50}`,
    ...(at % 1000 === 7 ? { tier: 'gold' } : {}),
  }
  const blueprint = blueprintOf(at)
  const based = blueprint === undefined ? undefined : packageAt(sample, blueprint)
  const basedOn = 1 + (at % (REVISIONS - 1))
  const conditions = [
    { type: 'Valid', status: 'True', reason: 'Valid', message: 'every file parses' },
    {
      type: 'Approved',
      status: draft ? 'Unknown' : 'True',
      reason: 'Approved',
      message: 'approved by bench',
    },
  ]
  const { lastInsertRowid: id } = insert.revision.run({
    package_id: packageId,
    name,
    repository,
    repository_type: 'deployment',
    package: path,
    workspace,
    revision: draft ? 0 : number,
    version: null,
    lifecycle: draft ? 'Draft' : 'Published',
    latest: number === REVISIONS - 1 ? 1 : 0,
    latest_build: 0,
    task: based ? 'clone' : 'init',
    upstream_name: based ? `${based.repository}.${based.path.replace('/', '.')}.v${basedOn}` : null,
    upstream_repository: based?.repository ?? null,
    upstream_package: based?.path ?? null,
    upstream_revision: based ? basedOn : null,
    upstream_version: null,
    upstream_digest: based ? digest(`${blueprint}`) : null,
    labels: JSON.stringify(labels),
    annotations: '{}',
    readiness_gates: '[]',
    conditions: JSON.stringify(conditions),
    file_count: 6,
    digest: digest(name),
    size: 1800,
    layer_digest: digest(`${at}/${number}`),
    layer_size: 4000,
    diff_id: digest(`diff ${name}`),
    config_digest: digest(`config ${name}`),
    config_size: 300,
    created_by: 'bench',
    created_at: when,
    updated_at: when,
    proposed_by: null,
    proposed_at: null,
    proposed_reason: null,
    reviewed_by: draft ? null : 'bench',
    reviewed_at: draft ? null : when,
    reviewed_reason: null,
    published_by: draft ? null : 'bench',
    published_at: draft ? null : when,
    deletion_proposed_by: null,
    deletion_proposed_at: null,
    deletion_proposed_reason: null,
    deletion_rejected_by: null,
    deletion_rejected_at: null,
    deletion_rejected_reason: null,
    resource_version: at * REVISIONS + number,
  })
  for (const [key, value] of Object.entries(labels)) insert.label.run(id, key, value, name)
}

function digest(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}
