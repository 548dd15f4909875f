/** Annotations of a package revision's manifest. Their keys are named only here. */

import type { Decision } from '../domain/decision.ts'
import { parseRevisionName } from '../domain/names.ts'
import type { RevisionRecord, Upstream } from '../domain/package-revision.ts'
import type { Annotations } from '../oci/descriptor.ts'

const PREFIX = 'dev.pkgserver.'

type Row = {
  key: string
  /** Returns undefined to leave the annotation out. */
  write: (record: RevisionRecord) => string | undefined
  /** `text` is undefined if the annotation is missing. */
  read: (text: string | undefined, all: Annotations) => Partial<RevisionRecord>
}

type TextField = {
  [Field in keyof RevisionRecord]: RevisionRecord[Field] extends string ? Field : never
}[keyof RevisionRecord]
type NullableField =
  | 'version'
  | 'proposedBy'
  | 'proposedAt'
  | 'proposedReason'
  | 'publishedBy'
  | 'publishedAt'
type JsonField = 'labels' | 'annotations' | 'readinessGates' | 'conditions'

function text(key: string, field: TextField): Row {
  return { key, write: (record) => record[field], read: (value) => ({ [field]: value ?? '' }) }
}

function nullable(key: string, field: NullableField): Row {
  return { key, write: (record) => record[field] ?? undefined, read: (value) => ({ [field]: value ?? null }) }
}

function number(key: string, field: 'revision' | 'fileCount'): Row {
  return { key, write: (record) => String(record[field]), read: (value) => ({ [field]: numberOf(value) }) }
}

function json(key: string, field: JsonField, empty: '{}' | '[]'): Row {
  return {
    key,
    write: (record) => omitIf(empty, JSON.stringify(record[field])),
    read: (value) => ({ [field]: JSON.parse(value ?? empty) }),
  }
}

function omitIf(empty: string, value: string): string | undefined {
  return value === empty ? undefined : value
}

const TABLE: readonly Row[] = [
  text('repository', 'repository'),
  text('repository-type', 'repositoryType'),
  text('package', 'package'),
  text('workspace', 'workspace'),
  text('lifecycle', 'lifecycle'),
  number('revision', 'revision'),
  nullable('version', 'version'),
  text('task', 'task'),
  {
    key: 'upstream',
    write: ({ upstream }) => upstream?.name,
    read: (_, all) => ({ upstream: readUpstream(all) }),
  },
  { key: 'upstream-digest', write: ({ upstream }) => upstream?.digest, read: () => ({}) },
  { key: 'upstream-revision', write: ({ upstream }) => upstream?.revision.toString(), read: () => ({}) },
  { key: 'upstream-version', write: ({ upstream }) => upstream?.version ?? undefined, read: () => ({}) },
  json('labels', 'labels', '{}'),
  json('annotations', 'annotations', '{}'),
  json('readiness-gates', 'readinessGates', '[]'),
  json('conditions', 'conditions', '[]'),
  number('file-count', 'fileCount'),
  text('created-by', 'createdBy'),
  text('created-at', 'createdAt'),
  text('updated-at', 'updatedAt'),
  nullable('proposed-by', 'proposedBy'),
  nullable('proposed-at', 'proposedAt'),
  nullable('proposed-reason', 'proposedReason'),
  {
    key: 'reviewed-by',
    write: ({ review }) => review?.by,
    read: (_, all) => ({ review: readReview(all) }),
  },
  { key: 'reviewed-at', write: ({ review }) => review?.at, read: () => ({}) },
  { key: 'reviewed-reason', write: ({ review }) => review?.reason ?? undefined, read: () => ({}) },
  nullable('published-by', 'publishedBy'),
  nullable('published-at', 'publishedAt'),
]

/**
 * Returns all annotations of the table, and the standard ones that apply
 * (https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md).
 */
export function writeAnnotations(record: RevisionRecord): Annotations {
  const annotations: Record<string, string> = {
    'org.opencontainers.image.created': record.publishedAt ?? record.updatedAt,
    'org.opencontainers.image.title': record.package,
  }
  if (record.revision > 0) {
    annotations['org.opencontainers.image.version'] = record.version ?? `v${record.revision}`
    annotations['org.opencontainers.image.revision'] =
      `${record.repository}/${record.package}/v${record.revision}`
  }
  if (record.task === 'discover') {
    // Source and commit of a discovered package are still those of its origin.
    for (const key of ['org.opencontainers.image.source', 'org.opencontainers.image.revision']) {
      const value = record.annotations[key]
      if (value !== undefined) annotations[key] = value
    }
  }
  for (const { key, write } of TABLE) {
    const value = write(record)
    if (value !== undefined) annotations[PREFIX + key] = value
  }
  return annotations
}

/** The inverse of `writeAnnotations`. Throws if JSON in an annotation does not parse. */
export function readAnnotations(annotations: Annotations): RevisionRecord {
  const fields = TABLE.map(({ key, read }) => read(annotations[PREFIX + key], annotations))
  return Object.assign({}, ...fields) as RevisionRecord
}

/** NaN for a text that `write` does not write. */
function numberOf(text = '0'): number {
  return /^[0-9]+$/.test(text) ? Number(text) : Number.NaN
}

/** null also for manifests written before these annotations existed. */
function readReview(all: Annotations): Decision | null {
  const by = all[`${PREFIX}reviewed-by`]
  if (by === undefined) return null
  return { by, at: all[`${PREFIX}reviewed-at`] ?? '', reason: all[`${PREFIX}reviewed-reason`] ?? null }
}

function readUpstream(all: Annotations): Upstream | null {
  const name = all[`${PREFIX}upstream`]
  if (name === undefined) return null
  const { repository, package: packagePath } = parseRevisionName(name)
  return {
    name,
    repository,
    package: packagePath,
    revision: numberOf(all[`${PREFIX}upstream-revision`]),
    version: all[`${PREFIX}upstream-version`] ?? null,
    digest: all[`${PREFIX}upstream-digest`] ?? '',
  }
}
