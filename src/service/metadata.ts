import { AppError } from '../errors.ts'
import { isServerCondition, type ReadinessGate } from '../package/conditions.ts'
import { annotationsProblem, type Labels, labelsProblem } from '../package/labels.ts'

type Metadata = {
  labels?: Labels | undefined
  annotations?: Labels | undefined
  readinessGates?: readonly ReadinessGate[] | undefined
}

/** Throws `invalid` for labels, annotations and gates that no object may have. */
export function checkMetadata({ labels = {}, annotations = {}, readinessGates = [] }: Metadata): void {
  const problem = labelsProblem(labels) ?? annotationsProblem(annotations)
  if (problem) throw new AppError('invalid', problem)
  const gate = readinessGates.find(
    ({ conditionType }) => conditionType !== 'Valid' && isServerCondition(conditionType),
  )
  if (!gate) return
  throw new AppError(
    'invalid',
    `readinessGates: ${gate.conditionType} becomes True only after the proposal, so it can be no gate`,
  )
}
