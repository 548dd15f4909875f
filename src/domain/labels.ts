/** Labels and annotations, as Kubernetes has them: same grammar, so that they can be shown as such later. */

export type Labels = Readonly<Record<string, string>>

const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/
const PREFIX = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/

const KEY_RULE =
  'must be 1 to 63 characters of letters, digits, "-", "_" and ".", starting and ending with a letter or digit, optionally after a DNS prefix and "/"'
const VALUE_RULE =
  'must be empty, or 1 to 63 characters of letters, digits, "-", "_" and ".", starting and ending with a letter or digit'

/** Lists can be filtered by labels, so each is a row of the index. */
const MAX_LABELS = 256

/**
 * All annotations of an object together, as in Kubernetes, and all conditions likewise. They travel in the manifest,
 * which has 4 MiB: JSON inside of JSON makes seven bytes of one at the worst.
 */
const MAX_METADATA_BYTES = 256 * 1024

/** What is wrong with the key of a label or an annotation, or with the type of a condition. */
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

/** What is wrong with the size of texts that travel in the manifest; `what` says which they are. */
export function sizeProblem(what: string, texts: readonly (readonly string[])[]): string | undefined {
  const bytes = texts.reduce((sum, parts) => sum + Buffer.byteLength(parts.join('')), 0)
  if (bytes <= MAX_METADATA_BYTES) return undefined
  return `the ${what} have ${bytes} bytes together; at most ${MAX_METADATA_BYTES} are allowed`
}
