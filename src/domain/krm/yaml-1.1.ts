/**
 * The values of scalars as kubectl, Flux, Argo CD and Helm read them: with sigs.k8s.io/yaml, which follows YAML 1.1
 * (https://yaml.org/type/) with a few exceptions of its own. The yaml library reads YAML 1.2, so it only finds where
 * scalars are.
 */
import { isScalar, Scalar } from 'yaml'

/** A number is a bigint only where a double would round it. */
export type ScalarValue = null | boolean | number | bigint | string

/** A value with its type: `1` and `1.0` are the same number, but only the first fits the tag !!int. */
type Typed =
  | { type: 'null'; value: null }
  | { type: 'bool'; value: boolean }
  | { type: 'int'; value: bigint }
  | { type: 'float'; value: number }
  | { type: 'str'; value: string }

const WORDS: ReadonlyMap<string, Typed> = new Map<string, Typed>([
  ...inAnyCase(['~', 'null', ''], { type: 'null', value: null }),
  ...inAnyCase(['y', 'yes', 'true', 'on'], { type: 'bool', value: true }),
  ...inAnyCase(['n', 'no', 'false', 'off'], { type: 'bool', value: false }),
  ...inAnyCase(['.inf', '+.inf'], { type: 'float', value: Number.POSITIVE_INFINITY }),
  ...inAnyCase(['-.inf'], { type: 'float', value: Number.NEGATIVE_INFINITY }),
  ...['.nan', '.NaN', '.NAN'].map((word): [string, Typed] => [word, { type: 'float', value: Number.NaN }]),
])

/** In lower case, in upper case, and with a capital: `yes`, `YES` and `Yes`, but not `yEs`. */
function inAnyCase(words: readonly string[], typed: Typed): [string, Typed][] {
  return words.flatMap((word) => {
    const capital = word.replace(/[a-z]/, (letter) => letter.toUpperCase())
    return [word, word.toUpperCase(), capital].map((form): [string, Typed] => [form, typed])
  })
}

/** An octal number may have no `o`. A binary one may have its sign behind the `b`. */
const INTEGER = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|[1-9][0-9]*|0)$|^0b([-+])([01]+)$/
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
/** Far more than 64 bits, even with many zeros in front. */
const MAX_DIGITS = 1000
const MAX_INT64 = 2n ** 63n - 1n
const MAX_UINT64 = 2n ** 64n - 1n

/** Returns the value of a plain scalar, given without its tag. */
export function plainValue(text: string): ScalarValue {
  const typed = typedOf(text)
  return typed ? narrow(typed) : text
}

function narrow({ value }: Typed): ScalarValue {
  if (typeof value !== 'bigint') return value
  const double = Number(value)
  return BigInt(double) === value ? double : value
}

/** Returns undefined for text that is no other type than that. */
function typedOf(text: string): Typed | undefined {
  // Most scalars start with a letter and are no words, so this is what takes time.
  return WORDS.get(text) ?? (text.charCodeAt(0) <= NINE ? numberOf(text) : undefined)
}

const NINE = '9'.charCodeAt(0)

function numberOf(text: string): Typed | undefined {
  if (!/^[-+.0-9]/.test(text)) return undefined
  // Behind a leading dot, underscores may only stand between digits.
  if (text.startsWith('.')) return floatOf(text.replaceAll(/(?<=[0-9])_(?=[0-9])/g, ''))
  const digits = text.replaceAll('_', '')
  return integerOf(digits) ?? floatOf(digits)
}

function integerOf(text: string): Typed | undefined {
  // Long numbers take quadratic time, and are floats.
  const match = text.length > MAX_DIGITS ? null : INTEGER.exec(text)
  if (!match) return undefined
  const sign = match[1] || match[3]
  const digits = match[2] ?? `0b${match[4]}`
  const size = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits)
  const fits = sign ? size <= MAX_INT64 + (sign === '-' ? 1n : 0n) : size <= MAX_UINT64
  return fits ? { type: 'int', value: sign === '-' ? -size : size } : undefined
}

function floatOf(text: string): Typed | undefined {
  const value = FLOAT.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? { type: 'float', value } : undefined
}

const TAG = /^tag:yaml\.org,2002:(str|bool|int|float|null|binary|timestamp)$/

/** Returns the value of a scalar; its text where readers refuse it, for which `scalarFault` has the reason. */
export function scalarValue(scalar: Scalar): ScalarValue {
  if (scalar.tag === undefined)
    return scalar.type === Scalar.PLAIN ? plainValue(textOf(scalar)) : textOf(scalar)
  const typed = typedScalar(scalar)
  return typed ? narrow(typed) : textOf(scalar)
}

/** Returns undefined if the text does not fit the tag. */
function typedScalar(scalar: Scalar): Typed | undefined {
  const text = textOf(scalar)
  if (scalar.tag === undefined && scalar.type === Scalar.PLAIN)
    return typedOf(text) ?? { type: 'str', value: text }
  const type = TAG.exec(scalar.tag ?? '')?.[1] ?? 'str'
  if (type === 'str') return { type, value: text }
  if (type === 'timestamp') return isTimestamp(text) ? { type: 'str', value: text } : undefined
  if (type === 'binary') return isBase64(text) ? { type: 'str', value: decodeBase64(text) } : undefined
  const typed = typedOf(text)
  if (type === 'float' && typed?.type === 'int' && typed.value <= MAX_INT64) {
    return { type, value: Number(typed.value) }
  }
  return typed?.type === type ? typed : undefined
}

function textOf(scalar: Scalar): string {
  return scalar.type === Scalar.PLAIN ? (scalar.source ?? '') : String(scalar.value)
}

/** The most that messages show of a text. */
const MAX_SHOWN = 40

/** Returns the reason why readers refuse a scalar. */
export function scalarFault(scalar: Scalar): string | undefined {
  if (scalar.tag === undefined && (scalar.type !== Scalar.PLAIN || !/^[-+]?\./.test(textOf(scalar))))
    return undefined
  const typed = typedScalar(scalar)
  const text = textOf(scalar)
  if (!typed)
    return `${JSON.stringify(text.slice(0, MAX_SHOWN))} does not fit the tag ${tagName(scalar)}: correct it, or remove the tag`
  return typed.type === 'float' && !Number.isFinite(typed.value)
    ? `${text} has no value in JSON: quote it, or use another number`
    : undefined
}

function tagName({ tag = '' }: Scalar): string {
  return `!!${TAG.exec(tag)?.[1] ?? ''}`
}

function isBase64(text: string): boolean {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(
    text.replaceAll(/[\r\n]/g, ''),
  )
}

/** A character in well-formed UTF-8 (table 3-7 of the Unicode standard), or any byte; each is a character of Latin-1. */
const UTF8 =
  /((?:[\xC2-\xDF]|\xE0[\xA0-\xBF]|\xED[\x80-\x9F]|[\xE1-\xEC\xEE\xEF][\x80-\xBF]|\xF0[\x90-\xBF][\x80-\xBF]|\xF4[\x80-\x8F][\x80-\xBF]|[\xF1-\xF3][\x80-\xBF]{2})[\x80-\xBF])|[\x80-\xFF]/g

/** Readers replace each byte that is not UTF-8. */
function decodeBase64(text: string): string {
  const bytes = Buffer.from(text, 'base64').toString('latin1')
  return bytes.replace(UTF8, (_, char?: string) => (char ? Buffer.from(char, 'latin1').toString() : '\uFFFD'))
}

const TIME = '(?:[01]?\\d|2[0-3]):[0-5]?\\d:[0-5]?\\d(?:[.,]\\d+)?'
const ZONE = '(?:Z|[-+](?:[01]\\d|2[0-4]):(?:[0-5]\\d|60))'
const TIMESTAMP = new RegExp(`^(\\d{4})-(\\d\\d?)-(\\d\\d?)(?:[Tt]${TIME}${ZONE}| +${TIME})?$`)

/** Reports whether a text has one of the formats that readers try. */
function isTimestamp(text: string): boolean {
  const [year = 0, month = 0, day = 0] = TIMESTAMP.exec(text)?.slice(1).map(Number) ?? []
  return day >= 1 && day <= daysIn(month, year)
}

function daysIn(month: number, year: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  if (month < 1 || month > 12) return 0
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

/** Returns the name of a field with this key: that of `on` is "true", and that of `0644` is "420". */
export function keyName(key: Scalar): string {
  if (key.tag === undefined && (key.type !== Scalar.PLAIN || typedOf(textOf(key)) === undefined))
    return textOf(key)
  const typed = typedScalar(key)
  if (!typed) return textOf(key)
  return typed.type === 'float' ? singlePrecision(typed.value) : String(typed.value)
}

/** Keys that are floats lose half their digits: 123456789.5 becomes `1.2345679e+08`. */
function singlePrecision(value: number): string {
  const single = Math.fround(value)
  if (!Number.isFinite(single)) return single > 0 ? '.inf' : single < 0 ? '-.inf' : '.nan'
  const forms = Array.from({ length: 9 }, (_, digits) => single.toExponential(digits))
  const shortest = forms.find((form) => Math.fround(Number(form)) === single) ?? ''
  const [digits = '', exponent = ''] = shortest.split('e')
  const size = Number(exponent)
  if (size < -4 || size >= 6) return `${digits}e${exponent.replace(/^(.)(.)$/, '$10$2')}`
  return Object.is(single, -0) ? '-0' : String(single === 0 ? 0 : Number(shortest))
}

/** Returns the reason why readers refuse a key. */
export function keyFault(key: Scalar): string | undefined {
  if (key.tag === undefined && (key.type !== Scalar.PLAIN || !typedOf(textOf(key)))) return undefined
  const typed = typedScalar(key)
  if (!typed) return scalarFault(key)
  if (typed.type === 'null') return 'a key has no value: write a name before the colon, or quote it'
  return typed.type === 'int' && typed.value > MAX_INT64
    ? `the key ${textOf(key)} is too large a number: quote it`
    : undefined
}

const MERGE_TAGS: readonly unknown[] = ['!', 'tag:yaml.org,2002:merge']

/** Reports whether a key inserts the fields of other maps (https://yaml.org/type/merge.html). */
export function isMergeKey(key: unknown): boolean {
  if (!isScalar(key) || textOf(key) !== '<<') return false
  return key.tag === undefined ? key.type === Scalar.PLAIN : MERGE_TAGS.includes(key.tag)
}

/** Forms that YAML 1.1 or 1.2 reads as no string, though `plainValue` does: 1:30, 2001-01-01, 1e999, =, <<. */
const OTHER_READERS =
  /^(?:[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*|[-+]?(?=[.0-9])[0-9_]*\.?[0-9_]*(?:[eE][-+]?[0-9]+)?|=|<<)$/

/** Reports whether a string needs quotes, since some reader takes its plain form for another type. */
export function isAmbiguous(text: string): boolean {
  return typeof plainValue(text) !== 'string' || OTHER_READERS.test(text)
}
