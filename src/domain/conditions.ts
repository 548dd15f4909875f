/** Conditions say what is known of a revision; readiness gates name those that must be True before it is proposed. */
import { AppError } from '../core/errors.ts'
import { sizeProblem } from './labels.ts'

export type ConditionStatus = 'True' | 'False' | 'Unknown'
export type Condition = { type: string; status: ConditionStatus; reason: string; message: string }
export type ReadinessGate = { conditionType: string }

/** Conditions that only the server sets. */
const SERVER_TYPES = ['Valid', 'Merged', 'Approved', 'DeletionProposed']

export function isServerCondition(type: string): boolean {
  return SERVER_TYPES.includes(type)
}

export function conditionsProblem(conditions: readonly Condition[]): string | undefined {
  return sizeProblem('conditions', conditions.map(Object.values))
}

export function withCondition(conditions: readonly Condition[], next: Condition): Condition[] {
  const others = conditions.filter((condition) => condition.type !== next.type)
  return [...others, next]
}

export function withoutCondition(conditions: readonly Condition[], type: string): Condition[] {
  return conditions.filter((condition) => condition.type !== type)
}

/** The conditions after a client wrote `next`: its own are replaced, the server's stay. Throws `invalid`. */
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

/** The gates whose condition is not True, with the status that the condition has. */
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
