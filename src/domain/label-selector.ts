/**
 * Label selectors with the Kubernetes grammar:
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
import { AppError } from '../core/errors.ts'
import { keyProblem, labelValueProblem } from './labels.ts'

export type LabelRequirement =
  | { key: string; operator: 'in' | 'notin'; values: string[] }
  | { key: string; operator: 'exists' | 'absent' }

const SET = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/
const EQUALITY = /^([^\s!=]+)\s*(==|=|!=)\s*([^\s!=]*)$/

/** Each requirement is a condition of the query, and databases limit their number. */
const MAX_REQUIREMENTS = 100

/** Parses a selector; an empty one selects everything. Throws `invalid` with the part that is wrong. */
export function parseLabelSelector(text: string): LabelRequirement[] {
  if (text.trim() === '') return []
  const parts = requirementsOf(text)
  if (parts.length > MAX_REQUIREMENTS) {
    throw new AppError('invalid', `the label selector has more than ${MAX_REQUIREMENTS} requirements`)
  }
  return parts.map((part) => checked(parseRequirement(part.trim()), part))
}

/** Splits at the commas that are not inside parentheses. */
function requirementsOf(text: string): string[] {
  const parts = ['']
  let inside = false
  for (const piece of text.split(/([(),])/)) {
    if (piece === '(' || piece === ')') inside = piece === '('
    if (piece === ',' && !inside) parts.push('')
    else parts.push(`${parts.pop()}${piece}`)
  }
  return parts
}

function parseRequirement(part: string): LabelRequirement {
  const set = SET.exec(part)
  if (set) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim())
    return { key: set[1] ?? '', operator: set[2] === 'in' ? 'in' : 'notin', values }
  }
  const equality = EQUALITY.exec(part)
  if (equality) {
    return {
      key: equality[1] ?? '',
      operator: equality[2] === '!=' ? 'notin' : 'in',
      values: [equality[3] ?? ''],
    }
  }
  if (part.startsWith('!')) return { key: part.slice(1).trim(), operator: 'absent' }
  return { key: part, operator: 'exists' }
}

function checked(requirement: LabelRequirement, part: string): LabelRequirement {
  const values = 'values' in requirement ? requirement.values : []
  const problem = keyProblem(requirement.key) ?? values.map(labelValueProblem).find(Boolean)
  if (!problem) return requirement
  throw new AppError(
    'invalid',
    `the label selector has the invalid requirement "${part.trim()}": use env=prod, env!=prod, env in (a, b), env notin (a, b), env or !env, where a key or value ${problem}`,
  )
}
