/**
 * The values of a package as JSON Schema (draft 2020-12), for forms. All values are strings, as in Glasskube. The schema
 * refuses what `valueViolations` refuses, except that JSON Schema
 * - counts characters, where Glasskube counts bytes: of texts beyond ASCII, `minLength` may refuse one that is long enough,
 *   and `maxLength` may accept one that is too long;
 * - has no bounds for numbers in strings, so it accepts those beyond 64 bits: `minimum` and `maximum` have no effect on
 *   strings, and are there for forms;
 * - has patterns of ECMAScript: those of RE2 that have no equal there are left out.
 */
import { ecmaPattern } from './ecma-pattern.ts'
import type { ValueDefinition, ValueDefinitions } from './manifest-schema.ts'
import { BOOLEANS } from './values.ts'

export type ValueSchema = {
  type: 'string'
  title?: string
  description?: string
  default?: string
  enum?: string[]
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  pattern?: string
  allOf?: { pattern: string }[]
}

export type ValuesSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema'
  type: 'object'
  properties: Record<string, ValueSchema>
  required: string[]
  additionalProperties: false
}

export function valuesSchema(definitions: ValueDefinitions): ValuesSchema {
  const entries = Object.entries(definitions)
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, definition]) => [name, valueSchema(definition)])),
    required: entries.filter(([, { constraints }]) => constraints?.required).map(([name]) => name),
    additionalProperties: false,
  }
}

function valueSchema(definition: ValueDefinition): ValueSchema {
  const { metadata: { label, description, hints = [] } = {}, defaultValue } = definition
  const about = [description?.trim(), ...hints].filter(Boolean).join('\n')
  return {
    type: 'string',
    ...(label && { title: label }),
    ...(about && { description: about }),
    ...(defaultValue && { default: defaultValue }),
    ...rulesOf(definition),
  }
}

function rulesOf({ type, options = [], constraints = {} }: ValueDefinition): Partial<ValueSchema> {
  const { min, max, minLength, maxLength } = constraints
  const pattern = constraints.pattern === undefined ? undefined : ecmaPattern(constraints.pattern)
  switch (type) {
    case 'boolean':
      return { enum: [...BOOLEANS] }
    case 'options':
      return { enum: [...new Set(options)] }
    case 'number':
      return {
        pattern: '^[-+]?[0-9]+$',
        ...(min !== undefined && { minimum: Number(min) }),
        ...(max !== undefined && { maximum: Number(max) }),
        ...(pattern !== undefined && { allOf: [{ pattern }] }),
      }
    case 'text':
      return {
        // JSON Schema has no negative lengths.
        ...(minLength !== undefined && minLength > 0 && { minLength: Number(minLength) }),
        ...(maxLength !== undefined && { maxLength: Number(maxLength) }),
        ...(pattern !== undefined && { pattern }),
      }
  }
}
