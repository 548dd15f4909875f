/** Where a field is in an object, and how that is written: `spec.containers[name=nginx].ports[0]`. */

/** The key of a map, the place in a list, or the item of a list that has these values in its key fields.
 * The items of a set have their value for a key, under the empty name. */
export type FieldStep = string | number | { readonly [keyField: string]: string }
export type FieldPath = readonly FieldStep[]

const PLAIN_KEY = /^[A-Za-z_][-A-Za-z0-9_/]*$/
const PLAIN_VALUE = /^[^\s"',=[\]]+$/

/** The path of the whole object is empty. */
export function formatFieldPath(path: FieldPath): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (typeof step === 'object') text += `[${formatKeys(step)}]`
    else if (!PLAIN_KEY.test(step)) text += `[${JSON.stringify(step)}]`
    else text += text === '' ? step : `.${step}`
  }
  return text
}

function formatKeys(keys: Exclude<FieldStep, string | number>): string {
  return Object.entries(keys)
    .map(([key, value]) => `${key}=${PLAIN_VALUE.test(value) ? value : JSON.stringify(value)}`)
    .join(',')
}

const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`
const STEP = new RegExp(
  String.raw`\.?([A-Za-z_][-A-Za-z0-9_/]*)|\[([0-9]+)\]|\[(${QUOTED})\]|\[((?:[^="\]]*=(?:${QUOTED}|[^\s"',=[\]]+),?)+)\]`,
  'y',
)
const KEY = new RegExp(String.raw`([^=",]*)=(${QUOTED}|[^\s"',=[\]]+)`, 'g')

/** The inverse of `formatFieldPath`; undefined for what that does not write. */
export function parseFieldPath(text: string): FieldPath | undefined {
  const path: FieldStep[] = []
  let at = 0
  while (at < text.length) {
    STEP.lastIndex = at
    const match = STEP.exec(text)
    if (!match) return undefined
    const [, key, index, quoted, keys] = match
    if (key !== undefined) path.push(key)
    else if (index !== undefined) path.push(Number(index))
    else if (quoted !== undefined) path.push(unquoted(quoted))
    else path.push(parseKeys(keys ?? ''))
    at = STEP.lastIndex
  }
  return path
}

function parseKeys(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(KEY)].map(([, key = '', value = '']) => [
      key,
      value.startsWith('"') ? unquoted(value) : value,
    ]),
  )
}

function unquoted(text: string): string {
  return String(JSON.parse(text))
}
