/**
 * The values of scalars as kubectl, Flux, Argo CD and Helm read them: with sigs.k8s.io/yaml, which follows YAML 1.1
 * (https://yaml.org/type/) with a few exceptions of its own. The yaml library reads YAML 1.2, so it only finds where
 * scalars are.
 */
import { isScalar, Scalar } from 'yaml'

/** A number is a bigint only where a double would round it. */
export type ScalarValue = null | boolean | number | bigint | string

const WORDS: ReadonlyMap<string, ScalarValue> = new Map<string, ScalarValue>([
  ...inAnyCase(['~', 'null', ''], null),
  ...inAnyCase(['y', 'yes', 'true', 'on'], true),
  ...inAnyCase(['n', 'no', 'false', 'off'], false),
  ...inAnyCase(['.inf', '+.inf'], Number.POSITIVE_INFINITY),
  ...inAnyCase(['-.inf'], Number.NEGATIVE_INFINITY),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
])

/** In lower case, in upper case, and with a capital: `yes`, `YES` and `Yes`, but not `yEs`. */
function inAnyCase(words: readonly string[], value: ScalarValue): [string, ScalarValue][] {
  return words.flatMap((word) => {
    const capital = word.replace(/[a-z]/, (letter) => letter.toUpperCase())
    return [word, word.toUpperCase(), capital].map((form): [string, ScalarValue] => [form, value])
  })
}

const INTEGER = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|[1-9][0-9]*|0)$/
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const MAX_INT64 = 2n ** 63n - 1n
const MAX_UINT64 = 2n ** 64n - 1n

/** Returns the value of a plain scalar, given without its tag. */
export function plainValue(text: string): ScalarValue {
  const word = WORDS.get(text)
  if (word !== undefined) return word
  if (!/^[-+.0-9]/.test(text)) return text
  const isDecimal = text.startsWith('.')
  const digits = isDecimal ? text : text.replaceAll('_', '')
  return (isDecimal ? undefined : integerOf(digits)) ?? floatOf(digits) ?? text
}

function integerOf(text: string): ScalarValue | undefined {
  const [, sign = '', digits] = INTEGER.exec(text) ?? []
  if (digits === undefined) return undefined
  // An octal number may have no `o`.
  const value = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits)
  const fits = sign === '' ? value <= MAX_UINT64 : value <= MAX_INT64 + (sign === '-' ? 1n : 0n)
  if (!fits) return undefined
  const signed = sign === '-' ? -value : value
  const double = Number(signed)
  return BigInt(double) === signed ? double : signed
}

function floatOf(text: string): number | undefined {
  const value = FLOAT.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : undefined
}

const TAG = /^tag:yaml\.org,2002:(bool|int|float|null|binary)$/

/** Returns the value of a scalar; its text where readers refuse it, for which `scalarFault` has the reason. */
export function scalarValue(scalar: Scalar): ScalarValue {
  const text = textOf(scalar)
  const type = TAG.exec(scalar.tag ?? '')?.[1]
  if (type === 'binary') return Buffer.from(text, 'base64').toString()
  if (type !== undefined) return fits(plainValue(text), type) ? plainValue(text) : text
  return scalar.tag === undefined && scalar.type === Scalar.PLAIN ? plainValue(text) : text
}

/** Returns the reason why readers refuse a scalar. */
export function scalarFault(scalar: Scalar): string | undefined {
  const value = scalarValue(scalar)
  if (typeof value === 'number' && !Number.isFinite(value)) return `${textOf(scalar)} has no value in JSON`
  const type = TAG.exec(scalar.tag ?? '')?.[1]
  if (type === undefined) return undefined
  const isValid = type === 'binary' ? isBase64(textOf(scalar)) : fits(plainValue(textOf(scalar)), type)
  return isValid ? undefined : `"${textOf(scalar)}" does not fit the tag !!${type}`
}

function textOf({ source, value, type }: Scalar): string {
  return String(type === Scalar.PLAIN ? (source ?? '') : value)
}

function isBase64(text: string): boolean {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text.replace(/[\r\n]/g, ''))
}

function fits(value: ScalarValue, type: string): boolean {
  if (type === 'null') return value === null
  if (type === 'bool') return typeof value === 'boolean'
  if (type === 'int') return typeof value === 'bigint' || Number.isInteger(value)
  return type === 'float' && (typeof value === 'number' || typeof value === 'bigint')
}

/** Reports whether a key inserts the fields of other maps (https://yaml.org/type/merge.html). */
export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === Scalar.PLAIN && key.source === '<<'
}

/** Forms that YAML 1.1 or 1.2 reads as no string, though `plainValue` does: 1:30, 2001-01-01, 1e999, =, <<. */
const OTHER_READERS =
  /^(?:[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*|[-+]?[.0-9][0-9_.]*(?:[eE][-+]?[0-9]+)?|=|<<)$/

/** Reports whether a string needs quotes, since some reader takes its plain form for another type. */
export function isAmbiguous(text: string): boolean {
  return typeof plainValue(text) !== 'string' || OTHER_READERS.test(text)
}
