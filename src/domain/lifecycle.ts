/** The lifecycle of a package revision, as a table. */
import { AppError } from '../core/errors.ts'

export const LIFECYCLES = ['Draft', 'Proposed', 'Published', 'DeletionProposed'] as const
export type Lifecycle = (typeof LIFECYCLES)[number]

export type Verb = 'edit' | 'propose' | 'approve' | 'reject' | 'propose-deletion' | 'delete'

const TRANSITIONS: Record<Lifecycle, Partial<Record<Verb, Lifecycle | 'deleted'>>> = {
  Draft: { edit: 'Draft', propose: 'Proposed', delete: 'deleted' },
  Proposed: { approve: 'Published', reject: 'Draft', delete: 'deleted' },
  Published: { 'propose-deletion': 'DeletionProposed' },
  DeletionProposed: { approve: 'deleted', reject: 'Published', delete: 'deleted' },
}

/** What the client can do instead, where the list of allowed verbs alone does not say it. */
const ADVICE: Partial<Record<Lifecycle, Partial<Record<Verb, string>>>> = {
  Draft: { approve: 'Propose it first.' },
  Proposed: { edit: 'Reject it first: that makes it a Draft again.' },
  Published: {
    edit: 'Published content never changes: make a new draft with source {"copy": {"from": "<this name>"}} and change that.',
    delete: 'Propose its deletion first; approving that deletes it.',
    propose: 'It is published already. For a new revision make a draft with source {"copy": …}.',
  },
  DeletionProposed: {
    edit: 'Published content never changes: reject the deletion, or make a new draft with source {"copy": …}.',
  },
}

/** Reports whether a revision in this state has a number and immutable content. */
export function isPublished(lifecycle: Lifecycle): boolean {
  return lifecycle === 'Published' || lifecycle === 'DeletionProposed'
}

function allowedVerbs(from: Lifecycle): Verb[] {
  return Object.keys(TRANSITIONS[from]) as Verb[]
}

/** Returns the state that `verb` leads to. Throws `wrong_lifecycle` with the current state and the verbs it allows. */
export function transition(name: string, from: Lifecycle, verb: Verb): Lifecycle | 'deleted' {
  const to = TRANSITIONS[from][verb]
  if (to) return to
  const advice = ADVICE[from]?.[verb]
  throw new AppError(
    'wrong_lifecycle',
    `${name} is ${from}: ${verb} is not possible. Allowed now: ${allowedVerbs(from).join(', ')}.${advice ? ` ${advice}` : ''}`,
  )
}
