/** What /metrics shows of watches and webhooks. */
import { Counter, Gauge } from 'prom-client'
import type { DeliveryState } from '../domain/webhook.ts'
import type { Metrics } from './metrics.ts'

/** Shows how many clients are watching. */
export function observeWatches({ registry }: Metrics, watching: () => number): void {
  new Gauge({
    name: 'watches',
    help: 'Clients that are watching package revisions.',
    registers: [registry],
    collect() {
      this.set(watching())
    },
  })
}

/** Counts the attempts to tell webhooks. Returns what is to be told of each. */
export function observeDeliveries({ registry }: Metrics): (state: DeliveryState) => void {
  const attempts = new Counter({
    name: 'webhook_attempts_total',
    help: 'Attempts to tell webhooks, by what became of the delivery: Delivered, Pending (it is tried again) or GivenUp.',
    labelNames: ['state'],
    registers: [registry],
  })
  return (state) => attempts.inc({ state })
}
