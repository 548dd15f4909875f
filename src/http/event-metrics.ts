/** Metrics of watches and webhooks. */
import { Counter, Gauge } from 'prom-client'
import type { DeliveryState } from '../domain/webhook.ts'
import type { Metrics } from './metrics.ts'

export function observeWatches({ registry }: Metrics, watching: () => number): void {
  new Gauge({
    name: 'watches',
    help: 'Clients that watch package revisions.',
    registers: [registry],
    collect() {
      this.set(watching())
    },
  })
}

/** Returns a function to be called after each attempt to deliver to a webhook. */
export function observeDeliveries({ registry }: Metrics): (state: DeliveryState) => void {
  const attempts = new Counter({
    name: 'webhook_attempts_total',
    help: 'Attempts to deliver to webhooks, by the resulting state: Delivered, Pending (it is retried) or GivenUp.',
    labelNames: ['state'],
    registers: [registry],
  })
  return (state) => attempts.inc({ state })
}
