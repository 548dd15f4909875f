/** Checks the values that users set for a package against their definitions, by the rules of Glasskube. */
import { firstFew } from '../../core/first-few.ts'
import type { ValueDefinition, ValueDefinitions } from './manifest-schema.ts'
import { Re2Patterns } from './re2-pattern.ts'

type KeyReference = { name: string; namespace?: string | undefined; key: string }

/** Has exactly one of the fields. */
export type ValueReference = {
  configMapRef?: KeyReference | undefined
  secretRef?: KeyReference | undefined
  packageRef?: { name: string; value: string } | undefined
}

/** Has either a text or a reference, of which the text is only known in a cluster. */
export type ValueConfiguration = { value?: string | undefined; valueFrom?: ValueReference | undefined }

export type ValueRule =
  | 'undefined'
  | 'required'
  | 'reference'
  | 'type'
  | 'options'
  | 'min'
  | 'max'
  | 'minLength'
  | 'maxLength'
  | 'pattern'

/** `message` follows the name of the value. */
export type ValueViolation = { name: string; message: string; rule: ValueRule }

/** Returns all violations: those of defined values first, in the order of their definitions. */
export function valueViolations(
  definitions: ValueDefinitions,
  values: Readonly<Record<string, ValueConfiguration>>,
): ValueViolation[] {
  const patterns = new Re2Patterns()
  const violations: ValueViolation[] = []
  for (const [name, definition] of Object.entries(definitions)) {
    const configuration = Object.hasOwn(values, name) ? values[name] : undefined
    const found = configuration
      ? configurationFaults(definition, configuration, patterns)
      : missingFaults(definition)
    for (const fault of found) violations.push({ name, ...fault })
  }
  for (const name of Object.keys(values)) {
    if (Object.hasOwn(definitions, name)) continue
    violations.push({ name, rule: 'undefined', message: 'is not defined by the package: remove it' })
  }
  return violations
}

type Fault = Omit<ValueViolation, 'name'>

function* missingFaults({ constraints }: ValueDefinition): Generator<Fault> {
  if (constraints?.required) yield { rule: 'required', message: 'is required: set it' }
}

function configurationFaults(
  definition: ValueDefinition,
  { value, valueFrom }: ValueConfiguration,
  patterns: Re2Patterns,
): Iterable<Fault> {
  if (valueFrom !== undefined || value === undefined) return referenceFaults(valueFrom, value)
  return valueFaults(definition, value, patterns)
}

function* referenceFaults(reference: ValueReference | undefined, value?: string): Generator<Fault> {
  const refuse = (message: string): Fault => ({ rule: 'reference', message })
  if (!reference) return yield refuse('has no value: give it one, or a reference in valueFrom')
  if (value !== undefined) yield refuse('has both a value and a reference: remove one of them')
  const { configMapRef, secretRef, packageRef } = reference
  const given = [configMapRef, secretRef, packageRef].filter((each) => each !== undefined)
  if (given.length !== 1)
    yield refuse('needs exactly one reference: write a configMapRef, a secretRef or a packageRef')
  const hasEmpty = given.some((each) => {
    const part = 'key' in each ? each.key : each.value
    return each.name === '' || part === ''
  })
  if (hasEmpty) yield refuse('has a reference with an empty field: fill it in')
}

/** Returns the rules that a text breaks. */
export function* valueFaults(
  definition: ValueDefinition,
  value: string,
  patterns: Re2Patterns,
): Generator<Fault> {
  const { type, options = [], constraints = {} } = definition
  if (type === 'boolean' && !BOOLEANS.includes(value)) {
    yield { rule: 'type', message: 'must be true or false' }
  }
  if (type === 'options' && !options.includes(value)) {
    yield { rule: 'options', message: `must be one of ${firstFew(options, 20)}` }
  }
  if (type === 'number') yield* numberFaults(constraints, value)
  if (type === 'text') yield* lengthFaults(constraints, value)
  if ((type === 'number' || type === 'text') && constraints.pattern !== undefined) {
    yield* patternFaults(constraints.pattern, value, patterns)
  }
}

/** All that Go's ParseBool takes. */
export const BOOLEANS: readonly string[] = 'true false 1 0 t f T F TRUE FALSE True False'.split(' ')

type Constraints = NonNullable<ValueDefinition['constraints']>

function* numberFaults({ min, max }: Constraints, value: string): Generator<Fault> {
  const number = integerOf(value)
  if (number === undefined) {
    yield { rule: 'type', message: 'must be a whole number of at most 64 bits' }
    return
  }
  if (min !== undefined && number < min) yield { rule: 'min', message: `must be at least ${min}` }
  if (max !== undefined && number > max) yield { rule: 'max', message: `must be at most ${max}` }
}

/** Reads a number as Go's Atoi does. */
function integerOf(text: string): bigint | undefined {
  if (!/^[-+]?[0-9]+$/.test(text)) return undefined
  const digits = text.replace(/^[-+]?0*(?=[0-9])/, '')
  // 64 bits have at most 19 digits, and longer texts take long to convert.
  if (digits.length > 19) return undefined
  const number = BigInt(text.startsWith('-') ? `-${digits}` : digits)
  return BigInt.asIntN(64, number) === number ? number : undefined
}

/** Glasskube counts bytes. */
function* lengthFaults({ minLength, maxLength }: Constraints, value: string): Generator<Fault> {
  const length = Buffer.byteLength(value)
  if (minLength !== undefined && length < minLength) {
    yield { rule: 'minLength', message: `must have at least ${minLength} bytes` }
  }
  if (maxLength !== undefined && length > maxLength) {
    yield { rule: 'maxLength', message: `must have at most ${maxLength} bytes` }
  }
}

function* patternFaults(pattern: string, value: string, patterns: Re2Patterns): Generator<Fault> {
  const matches = patterns.test(pattern, value)
  if (matches === true) return
  const message = matches ? `has a pattern that ${matches.problem}` : `must match the pattern ${pattern}`
  yield { rule: 'pattern', message }
}
