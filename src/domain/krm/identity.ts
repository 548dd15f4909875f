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
}

/** Reads the identity of an object; undefined for a value that is not a KRM object. */
export function readIdentity(value: JsonObject, root: YAMLMap.Parsed): ObjectIdentity | undefined {
  const apiVersion = fieldOf(value, 'apiVersion')
  const kind = fieldOf(value, 'kind')
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || kind === '') return undefined
  const metadata = fieldOf(value, 'metadata')
  const group = groupOf(apiVersion)
  const merge = mergeComment(root)
  const namespace = merge?.namespace ?? fieldOf(metadata, 'namespace')
  const name = merge?.name ?? fieldOf(metadata, 'name')
  return { group, kind, namespace: text(namespace), name: text(name) }
}

/** Returns the group of an API version; that of the core API is empty. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

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
    const match = /^\s*kpt-merge:\s*([^/\s]*)\/(\S+)/m.exec(comment ?? '')
    if (match) return { namespace: match[1] ?? '', name: match[2] ?? '' }
  }
  return undefined
}

/** Returns a key that is equal for equal identities. */
export function identityKey({ group, kind, namespace, name }: ObjectIdentity): string {
  return JSON.stringify([group, kind, namespace, name])
}

/** Formats a kind for people: `apps/Deployment`, or `Service` for one of the core API. */
export function formatKind({ group, kind }: ObjectKind): string {
  return group === '' ? kind : `${group}/${kind}`
}

/** Formats an identity for people: `apps/Deployment shop/web`. */
export function formatIdentity({ namespace, name, ...kind }: ObjectIdentity): string {
  if (name === '') return formatKind(kind)
  return `${formatKind(kind)} ${namespace === '' ? '' : `${namespace}/`}${name}`
}
