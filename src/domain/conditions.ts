/** Conditions of a revision, and readiness gates, which name the conditions that must be True before it is proposed. */
import { AppError, shortened } from '../core/errors.ts'
import { sizeProblem } from './labels.ts'

export type ConditionStatus = 'True' | 'False' | 'Unknown'
export type Condition = { type: string; status: ConditionStatus; reason: string; message: string }
export type ReadinessGate = { conditionType: string }

/**
 * Conditions that clients cannot set. `Approved` and `DeletionProposed` show the reason of a review to later readers.
 */
const SERVER_TYPES = ['Valid', 'Merged', 'Approved', 'DeletionProposed']

export function isServerCondition(type: string): boolean {
  return SERVER_TYPES.includes(type)
}

export function conditionsProblem(conditions: readonly Condition[]): string | undefined {
  return sizeProblem('conditions', conditions.map(Object.values))
}

export function withCondition(conditions: readonly Condition[], next: Condition): Condition[] {
  return [...withoutCondition(conditions, next.type), next]
}

export function withoutCondition(conditions: readonly Condition[], type: string): Condition[] {
  return conditions.filter((condition) => condition.type !== type)
}

/** Replaces the conditions of clients by `next` and keeps the server's. Throws `invalid`. */
export function replaceClientConditions(
  current: readonly Condition[],
  next: readonly Condition[],
): Condition[] {
  const twice = next.find(({ type }, at) => next.findIndex((other) => other.type === type) !== at)
  if (twice) throw new AppError('invalid', `the condition ${twice.type} is listed twice: list each type once`)
  for (const condition of next.filter(({ type }) => isServerCondition(type))) {
    const held = current.find(({ type }) => type === condition.type)
    if (!held || JSON.stringify(held) !== JSON.stringify(condition)) {
      throw new AppError(
        'invalid',
        `the condition ${condition.type} is set by the server only: send it unchanged, or leave it out`,
      )
    }
  }
  return [
    ...current.filter(({ type }) => isServerCondition(type)),
    ...next.filter(({ type }) => !isServerCondition(type)),
  ]
}

/** Returns the gates whose condition is not True, with the status of that condition. */
export function closedGates(
  gates: readonly ReadinessGate[],
  conditions: readonly Condition[],
): { conditionType: string; status: ConditionStatus | 'missing'; message: string }[] {
  return gates.flatMap(({ conditionType }) => {
    const condition = conditions.find(({ type }) => type === conditionType)
    if (condition?.status === 'True') return []
    return [{ conditionType, status: condition?.status ?? 'missing', message: condition?.message ?? '' }]
  })
}

const SHOWN = 5

/** Joins the first of some texts for the message of a condition: `a; b and 3 more`. Long ones are cut. */
export function joinFirst(texts: readonly string[], shown = SHOWN, separator = '; '): string {
  const more = texts.length > shown ? ` and ${texts.length - shown} more` : ''
  return texts.slice(0, shown).map(shortened).join(separator) + more
}
