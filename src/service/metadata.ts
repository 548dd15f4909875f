import { AppError } from '../core/errors.ts'
import {
  type Condition,
  conditionsProblem,
  isServerCondition,
  type ReadinessGate,
} from '../domain/conditions.ts'
import { annotationsProblem, type Labels, labelsProblem } from '../domain/labels.ts'

type Metadata = {
  labels?: Labels | undefined
  annotations?: Labels | undefined
  readinessGates?: readonly ReadinessGate[] | undefined
  conditions?: readonly Condition[] | undefined
}

/** Throws `invalid` for labels, annotations, gates and conditions that are not allowed. */
export function checkMetadata(metadata: Metadata): void {
  const { labels = {}, annotations = {}, readinessGates = [], conditions = [] } = metadata
  const problem = labelsProblem(labels) ?? annotationsProblem(annotations) ?? conditionsProblem(conditions)
  if (problem) throw new AppError('invalid', problem)
  const gate = readinessGates.find(
    ({ conditionType }) => !['Valid', 'Merged'].includes(conditionType) && isServerCondition(conditionType),
  )
  if (!gate) return
  throw new AppError(
    'invalid',
    `the condition ${gate.conditionType} becomes True only after the proposal, so it cannot be a readiness gate`,
  )
}
