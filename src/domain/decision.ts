import type { Condition, ConditionStatus } from './conditions.ts'

/** A step of a review. */
export type Decision = {
  by: string
  at: string
  reason: string | null
}

const STATUS = {
  Proposed: 'Unknown',
  Approved: 'True',
  Bypassed: 'True',
  Rejected: 'False',
} as const satisfies Record<string, ConditionStatus>

/** The condition that shows the last step of a revision's way to publication. */
export function approvedCondition(step: keyof typeof STATUS, decision: Decision): Condition {
  return {
    type: 'Approved',
    status: STATUS[step],
    reason: step,
    message: signed(step.toLowerCase(), decision),
  }
}

/** The condition of a revision whose deletion is proposed. */
export function deletionProposedCondition(decision: Decision): Condition {
  const type = 'DeletionProposed'
  return { type, status: 'True', reason: type, message: signed('proposed', decision) }
}

/** The condition of a revision whose deletion was approved without the votes that a policy asks for, as it last was. */
export function deletionBypassedCondition(decision: Decision): Condition {
  return {
    type: 'DeletionProposed',
    status: 'True',
    reason: 'Bypassed',
    message: signed('bypassed', decision),
  }
}

/** For people only: what was decided is read from the fields. */
function signed(verb: string, { by, reason }: Decision): string {
  return `${verb} by ${by}${reason ? `: ${reason}` : ''}`
}
