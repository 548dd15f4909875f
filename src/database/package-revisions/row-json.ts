/** The columns of revisions that hold JSON. */
import { AppError } from '../../core/errors.ts'
import type { Condition, ReadinessGate } from '../../domain/conditions.ts'
import type { Labels } from '../../domain/labels.ts'
import type { PackageRevisionRow } from '../schema.ts'

/**
 * Parses a column of JSON. Checked by hand: lists parse four of them for each row, and zod would take as long for that
 * as JSON.parse does.
 */
export function parseColumn<T>(
  row: PackageRevisionRow,
  column: 'labels' | 'annotations' | 'readiness_gates' | 'conditions',
  is: (value: unknown) => value is T,
): T {
  const value = JSON.parse(row[column])
  if (is(value)) return value
  throw new AppError('internal', `the index is damaged: the ${column} of ${row.name} cannot be read`)
}

export function isLabels(value: unknown): value is Labels {
  return isObject(value) && !Array.isArray(value) && Object.values(value).every(isString)
}

export function isGates(value: unknown): value is ReadinessGate[] {
  return Array.isArray(value) && value.every((gate) => isObject(gate) && isString(gate.conditionType))
}

export function isConditions(value: unknown): value is Condition[] {
  return Array.isArray(value) && value.every(isCondition)
}

function isCondition(value: unknown): value is Condition {
  if (!isObject(value)) return false
  return [value.type, value.status, value.reason, value.message].every(isString)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}
