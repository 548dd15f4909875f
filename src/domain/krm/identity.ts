/** The identity of a KRM object, which stays the same when its content changes. */
import { isMap, isScalar, type YAMLMap } from 'yaml'
import { fieldOf, type JsonObject, keyText } from './json-value.ts'

export type ObjectKind = {
  /** Without the version, since an object may move to another version of its API. */
  group: string
  kind: string
}

export type ObjectIdentity = ObjectKind & {
  namespace: string
  /** Empty for objects that have none by design, such as a Kustomization. */
  name: string
  /** Of an object that gets its name from the server. */
  generateName?: string
}

/**
 * Reads the identity of an object; undefined for a value that is not a KRM object. `root` is its text, if it has one of
 * its own.
 */
export function readIdentity(value: JsonObject, root?: YAMLMap.Parsed): ObjectIdentity | undefined {
  const apiVersion = fieldOf(value, 'apiVersion')
  const kind = fieldOf(value, 'kind')
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || kind === '') return undefined
  const metadata = fieldOf(value, 'metadata')
  const group = groupOf(apiVersion)
  const merge = root && mergeComment(root)
  const namespace = text(merge?.namespace ?? fieldOf(metadata, 'namespace'))
  const name = text(merge?.name ?? fieldOf(metadata, 'name'))
  const generateName = name === '' ? text(fieldOf(metadata, 'generateName')) : ''
  return { group, kind, namespace, name, ...(generateName === '' ? {} : { generateName }) }
}

/** Returns the group of an API version; that of the core API is empty. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

const KPT_MERGE = 'kpt-merge:'

/**
 * Reads the comment by which kpt keeps the upstream name of an object that a package renames:
 * `metadata: # kpt-merge: <namespace>/<name>`.
 */
function mergeComment(root: YAMLMap.Parsed): { namespace: string; name: string } | undefined {
  const pair = root.items.find(({ key }) => keyText(key) === 'metadata')
  if (!pair || !isMap(pair.value)) return undefined
  const key = pair.key
  const comments = [isScalar(key) ? key.comment : '', pair.value.commentBefore, pair.value.comment]
  for (const comment of comments) {
    if (!comment?.includes(KPT_MERGE)) continue
    for (const line of comment.split('\n')) {
      const match = /^kpt-merge:\s*([^/\s]*)\/(\S+)/.exec(line.trimStart())
      if (match) return { namespace: match[1] ?? '', name: match[2] ?? '' }
    }
  }
  return undefined
}

/** Returns a key that is equal for equal identities. */
export function identityKey({ group, kind, namespace, name, generateName }: ObjectIdentity): string {
  return JSON.stringify([group, kind, namespace, name, ...(generateName === undefined ? [] : [generateName])])
}

/** Reports whether an identity says which object it is, and not only its kind. */
export function isNamed({ name, generateName }: ObjectIdentity): boolean {
  return name !== '' || generateName !== undefined
}

/** Formats a kind for people: `apps/Deployment`, or `Service` for one of the core API. */
export function formatKind({ group, kind }: ObjectKind): string {
  return group === '' ? kind : `${group}/${kind}`
}

/** Formats an identity for people: `apps/Deployment shop/web`, or `batch/Job migrate-*` for a generated name. */
export function formatIdentity({ namespace, name, generateName, ...kind }: ObjectIdentity): string {
  const shown = generateName === undefined ? name : `${generateName}*`
  if (shown === '') return formatKind(kind)
  return `${formatKind(kind)} ${namespace === '' ? '' : `${namespace}/`}${shown}`
}

/** Formats the identities of a file's objects; a further object of the same identity gets a number: `Job a-* #2`. */
export function objectNames(identities: Iterable<ObjectIdentity>): string[] {
  const counts = new Map<string, number>()
  return Array.from(identities, (identity) => {
    const name = formatIdentity(identity)
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    return numberedName(name, count)
  })
}

export function numberedName(name: string, number: number): string {
  return number === 1 ? name : `${name} #${number}`
}
