import { AppError } from '../errors.ts'
import { isServerCondition, type ReadinessGate } from '../package/conditions.ts'
import { annotationsProblem, type Labels } from '../package/labels.ts'

type Metadata = { annotations?: Labels | undefined; readinessGates?: readonly ReadinessGate[] | undefined }

/** Throws `invalid` for annotations and gates that no revision may have. */
export function checkMetadata({ annotations = {}, readinessGates = [] }: Metadata): void {
  const problem = annotationsProblem(annotations)
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
