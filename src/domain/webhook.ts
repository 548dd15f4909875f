/** Webhooks: who is told of what happens to package revisions, and how the telling goes. */
import type { RevisionChange } from './change.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { PackageRevision } from './package-revision.ts'

/** What a webhook can be told of. */
export const CHANGE_EVENTS = [
  'drafted',
  'updated',
  'proposed',
  'rejected',
  'published',
  'deletion-proposed',
  'deletion-rejected',
  'deleted',
] as const
export type ChangeEvent = (typeof CHANGE_EVENTS)[number]

/** `ping` is sent to see whether anybody answers. */
export const WEBHOOK_EVENTS = [...CHANGE_EVENTS, 'ping'] as const
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number]

export const DELIVERY_STATES = ['Pending', 'Delivered', 'GivenUp'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

/** Which revisions a webhook is about: all that have everything that is asked for. */
export type WebhookFilter = {
  repository?: string | undefined
  package?: string | undefined
  /** The state since the event; of a deleted one the last. */
  lifecycle?: Lifecycle | undefined
  labelSelector?: string | undefined
}

export type WebhookContent = {
  name: string
  url: string
  events: readonly ChangeEvent[]
  filter: WebhookFilter
  enabled: boolean
}

export type Webhook = WebhookContent & {
  id: number
  createdBy: string
  createdAt: string
  updatedAt: string
  resourceVersion: string
}

export type Delivery = {
  id: number
  event: WebhookEvent
  /** The revision that it tells of; null for a ping. */
  revision: string | null
  resourceVersion: string | null
  state: DeliveryState
  attempts: number
  /** Of the last attempt: the status of the answer, or why there was none, and how many milliseconds it took. */
  statusCode: number | null
  error: string | null
  duration: number | null
  createdAt: string
  nextAttempt: string | null
}

/** A delivery with what it takes to make it. */
export type DueDelivery = Delivery & {
  webhook: { id: number; name: string; url: string; secret: string }
  content: PackageRevision | null
  giveUpAt: string
}

const TRANSITIONS: Partial<Record<`${Lifecycle} ${Lifecycle}`, ChangeEvent>> = {
  'Draft Proposed': 'proposed',
  'Proposed Draft': 'rejected',
  'Proposed Published': 'published',
  'Published DeletionProposed': 'deletion-proposed',
  'DeletionProposed Published': 'deletion-rejected',
}

/** What a change is called; undefined for what happens to a revision because of another one. */
export function changeEvent({ type, revision, was }: RevisionChange): ChangeEvent | undefined {
  if (type === 'added') return revision.lifecycle === 'Draft' ? 'drafted' : 'published'
  if (type === 'deleted') return 'deleted'
  const transition = was.lifecycle && TRANSITIONS[`${was.lifecycle} ${revision.lifecycle}`]
  return transition ?? (was.updatedAt === undefined ? undefined : 'updated')
}
