/** The lifecycle of a package revision, as a table. */
import { AppError } from '../core/errors.ts'
import type { Remedy } from '../core/remedy.ts'

export const LIFECYCLES = ['Draft', 'Proposed', 'Published', 'DeletionProposed'] as const
export type Lifecycle = (typeof LIFECYCLES)[number]

export type Verb = 'edit' | 'propose' | 'approve' | 'reject' | 'propose-deletion' | 'delete'

const TRANSITIONS: Record<Lifecycle, Partial<Record<Verb, Lifecycle | 'deleted'>>> = {
  Draft: { edit: 'Draft', propose: 'Proposed', delete: 'deleted' },
  Proposed: { approve: 'Published', reject: 'Draft', delete: 'deleted' },
  Published: { 'propose-deletion': 'DeletionProposed' },
  DeletionProposed: { approve: 'deleted', reject: 'Published', delete: 'deleted' },
}

type Detour = Extract<Remedy, { do: 'transition' }>['verb'] | 'copy'

/** The verb that leads to what a state forbids, or a copy where none does. */
const DETOURS: Partial<Record<Lifecycle, Partial<Record<Verb, Detour>>>> = {
  Draft: { approve: 'propose' },
  Proposed: { edit: 'reject' },
  Published: { edit: 'copy', propose: 'copy', delete: 'propose-deletion' },
  DeletionProposed: { edit: 'copy' },
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
  const unchangeable = verb === 'edit' && isPublished(from) ? ' Published content never changes.' : ''
  throw new AppError(
    'wrong_lifecycle',
    `${name} is ${from}: ${verb} is not possible. Allowed now: ${allowedVerbs(from).join(', ')}.${unchangeable}`,
    { remedy: detour(name, from, verb) },
  )
}

function detour(revision: string, from: Lifecycle, verb: Verb): Remedy | undefined {
  const way = DETOURS[from]?.[verb]
  if (way === 'copy') return { do: 'copy_revision', revision }
  return way && { do: 'transition', revision, verb: way }
}
