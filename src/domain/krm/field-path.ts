/** Paths of fields in an object, and their notation: `spec.containers[name=nginx].ports[0]`. */

/** The value of a key field; null if the item lacks the field. */
export type KeyValue = string | number | bigint | boolean | null
/** The values of the key fields of an item. An item of a set is identified by its value, under the empty key. */
export type ItemKeys = { readonly [keyField: string]: KeyValue }
/** The key of a map, the index of an item, or its key fields. */
export type FieldStep = string | number | ItemKeys
export type FieldPath = readonly FieldStep[]

const PLAIN_KEY = /^[A-Za-z_][-A-Za-z0-9_/]*$/
const LITERAL = /^(?:null|true|false|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?)$/
const PLAIN_WORD = /^[^\s"',=[\]]+$/

/** Formats a path; that of the whole object is empty. */
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

/** Formats the keys of an item, so that different ones differ as text. */
export function formatKeys(keys: ItemKeys): string {
  return Object.entries(keys)
    .map(([key, value]) => `${key === '' ? '' : word(key)}=${keyValue(value)}`)
    .join(',')
}

function word(text: string): string {
  return PLAIN_WORD.test(text) ? text : JSON.stringify(text)
}

/** Quotes a string that would read as another type, so that the keys `80` and `"80"` differ. */
function keyValue(value: KeyValue): string {
  if (typeof value !== 'string') return String(value)
  return LITERAL.test(value) ? JSON.stringify(value) : word(value)
}

// None of them can match a text in several ways, so input from clients causes no backtracking.
const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`
const WORD = String.raw`(?:${QUOTED}|[^\s"',=[\]]+)`
const KEY = /\.?[A-Za-z_][-A-Za-z0-9_/]*/y
const INDEX = /\[[0-9]{1,15}\]/y
const QUOTED_KEY = new RegExp(String.raw`\[${QUOTED}\]`, 'sy')
const ITEM_KEY = new RegExp(`[[,]${WORD}?=`, 'sy')
const ITEM_VALUE = new RegExp(WORD, 'sy')
const ITEM_END = /\]/y

/** The inverse of `formatFieldPath`; undefined for a text that it never returns. */
export function parseFieldPath(text: string): FieldPath | undefined {
  let at = 0
  try {
    const path: FieldStep[] = []
    while (at < text.length) path.push(step())
    // Refuses other notations of the same path, such as unneeded quotes.
    return formatFieldPath(path) === text ? path : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }

  function step(): FieldStep {
    const key = take(KEY)
    if (key !== undefined) return key.replace(/^\./, '')
    const bracketed = take(INDEX) ?? take(QUOTED_KEY)
    return bracketed === undefined ? item() : JSON.parse(bracketed)[0]
  }

  function item(): FieldStep {
    const keys: [string, KeyValue][] = []
    while (take(ITEM_END) === undefined) {
      const [key, value] = [take(ITEM_KEY), take(ITEM_VALUE)]
      if (key === undefined || value === undefined) throw new SyntaxError(`no field path: ${text}`)
      keys.push([unquoted(key.slice(1, -1)), literal(value)])
    }
    return Object.fromEntries(keys)
  }

  function take(pattern: RegExp): string | undefined {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    at += found?.length ?? 0
    return found
  }
}

function literal(text: string): KeyValue {
  if (!LITERAL.test(text)) return unquoted(text)
  const value: KeyValue = JSON.parse(text)
  return typeof value === 'number' && String(value) !== text ? BigInt(text) : value
}

function unquoted(text: string): string {
  return text.startsWith('"') ? String(JSON.parse(text)) : text
}
