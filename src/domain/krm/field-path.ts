/** Where a field is in an object, and how that is written: `spec.containers[name=nginx].ports[0]`. */

/** The key of a map, the place in a list, or the item of a list that has these values in its key fields.
 * The items of a set have their value for a key, under the empty name. */
export type FieldStep = string | number | { readonly [keyField: string]: string }
export type FieldPath = readonly FieldStep[]

const PLAIN_KEY = /^[A-Za-z_][-A-Za-z0-9_/]*$/
const PLAIN_WORD = /^[^\s"',=[\]]+$/

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
    .map(([key, value]) => `${key === '' ? '' : word(key)}=${word(value)}`)
    .join(',')
}

function word(text: string): string {
  return PLAIN_WORD.test(text) ? text : JSON.stringify(text)
}

// None of them can match a text in several ways: what comes from outside is read in one go.
const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`
const WORD = String.raw`(?:${QUOTED}|[^\s"',=[\]]+)`
const KEY = /\.?[A-Za-z_][-A-Za-z0-9_/]*/y
const INDEX = /\[[0-9]{1,15}\]/y
const QUOTED_KEY = new RegExp(String.raw`\[${QUOTED}\]`, 'sy')
const ITEM_KEY = new RegExp(`[[,]${WORD}?=`, 'sy')
const ITEM_VALUE = new RegExp(WORD, 'sy')
const ITEM_END = /\]/y

/** The inverse of `formatFieldPath`; undefined for what that does not write. */
export function parseFieldPath(text: string): FieldPath | undefined {
  let at = 0
  try {
    const path: FieldStep[] = []
    while (at < text.length) path.push(step())
    // Other ways to write it, such as quotes where none are needed, are not ours.
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
    const keys: [string, string][] = []
    while (take(ITEM_END) === undefined) {
      const [key, value] = [take(ITEM_KEY), take(ITEM_VALUE)]
      if (key === undefined || value === undefined) throw new SyntaxError(`no field path: ${text}`)
      keys.push([unquoted(key.slice(1, -1)), unquoted(value)])
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

function unquoted(text: string): string {
  return text.startsWith('"') ? String(JSON.parse(text)) : text
}
