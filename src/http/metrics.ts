import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type WorkMetrics, workMetrics } from './work-metrics.ts'

export type Metrics = {
  registry: Registry
  requestDuration: Histogram<'method' | 'route' | 'status'>
  jobItems: Counter<'kind' | 'outcome'>
  work: WorkMetrics
  garbage: {
    collections: Counter<'outcome'>
    removed: Counter<'kind'>
    freedBytes: Counter
    duration: Gauge
    finishedAt: Gauge
  }
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requestDuration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request to the headers of the response, by method, route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  })
  const jobItems = new Counter({
    name: 'job_items_total',
    help: 'Items of jobs that have ended, by kind of job and outcome: Succeeded, Failed or Skipped.',
    labelNames: ['kind', 'outcome'],
    registers: [registry],
  })
  return {
    registry,
    requestDuration,
    jobItems,
    work: workMetrics(registry),
    garbage: garbageMetrics(registry),
  }
}

export function observeJobs({ registry }: Metrics, running: () => number): void {
  new Gauge({
    name: 'jobs_running',
    help: 'Jobs that have not ended.',
    registers: [registry],
    collect() {
      this.set(running())
    },
  })
}

function garbageMetrics(registry: Registry): Metrics['garbage'] {
  const registers = [registry]
  return {
    collections: new Counter({
      name: 'registry_garbage_collections_total',
      help: 'Garbage collections in the embedded registry, by outcome: completed, interrupted or failed.',
      labelNames: ['outcome'],
      registers,
    }),
    removed: new Counter({
      name: 'registry_garbage_removed_total',
      help: 'Items removed by garbage collections, by kind: manifests, links, blobs or uploads.',
      labelNames: ['kind'],
      registers,
    }),
    freedBytes: new Counter({
      name: 'registry_garbage_freed_bytes_total',
      help: 'Size of the removed manifests and blobs in bytes.',
      registers,
    }),
    duration: new Gauge({
      name: 'registry_garbage_collection_duration_seconds',
      help: 'Duration of the last garbage collection.',
      registers,
    }),
    finishedAt: new Gauge({
      name: 'registry_garbage_collection_timestamp_seconds',
      help: 'End of the last garbage collection, in seconds since 1970.',
      registers,
    }),
  }
}
