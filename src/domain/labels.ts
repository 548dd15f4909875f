/** Labels and annotations with the grammar of Kubernetes, so that a Kubernetes API can serve them unchanged. */

export type Labels = Readonly<Record<string, string>>

const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/
const PREFIX = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/

const KEY_RULE =
  'must be 1 to 63 characters of letters, digits, "-", "_" and ".", starting and ending with a letter or digit, optionally after a DNS prefix and "/"'
const VALUE_RULE =
  'must be empty, or 1 to 63 characters of letters, digits, "-", "_" and ".", starting and ending with a letter or digit'

/** Each label is a row of the index, since lists can be filtered by it. */
const MAX_LABELS = 256

/**
 * The limit for all annotations of an object together, as in Kubernetes, and for all of its conditions. Both are stored
 * in the manifest, which may have 4 MiB, and JSON inside JSON turns one byte into at most seven.
 */
const MAX_METADATA_BYTES = 256 * 1024

/** Returns the rule that the key of a label or an annotation, or the type of a condition, breaks. */
export function keyProblem(key: string): string | undefined {
  const slash = key.indexOf('/')
  const prefix = slash < 0 ? undefined : key.slice(0, slash)
  const prefixFine = prefix === undefined || (prefix.length <= 253 && PREFIX.test(prefix))
  return prefixFine && NAME.test(key.slice(slash + 1)) ? undefined : KEY_RULE
}

export function labelValueProblem(value: string): string | undefined {
  return value === '' || NAME.test(value) ? undefined : VALUE_RULE
}

export function labelsProblem(labels: Labels): string | undefined {
  const count = Object.keys(labels).length
  return count <= MAX_LABELS ? undefined : `there are ${count} labels; at most ${MAX_LABELS} are allowed`
}

export function annotationsProblem(annotations: Labels): string | undefined {
  return sizeProblem('annotations', Object.entries(annotations))
}

/** Returns the problem with texts that are too large for the manifest; `what` names them in it. */
export function sizeProblem(what: string, texts: readonly (readonly string[])[]): string | undefined {
  const bytes = texts.reduce((sum, parts) => sum + Buffer.byteLength(parts.join('')), 0)
  if (bytes <= MAX_METADATA_BYTES) return undefined
  return `the ${what} have ${bytes} bytes together; at most ${MAX_METADATA_BYTES} are allowed`
}
