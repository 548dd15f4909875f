/** Metrics of operations, calls to the registry, commits, workers and queues. */
import { Gauge, Histogram, type Registry } from 'prom-client'

export type WorkMetrics = {
  operation: Histogram<'operation' | 'outcome'>
  registryCall: Histogram<'call' | 'outcome'>
  workerWait: Histogram<'task'>
  workerWork: Histogram<'task'>
  commit: Histogram
  commitSize: Histogram
  jobItem: Histogram<'kind' | 'outcome'>
}

/** From a millisecond, for cache hits, to a minute, for timeouts. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

export function workMetrics(registry: Registry): WorkMetrics {
  const histogram = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Histogram({ name, help, labelNames, buckets: SECONDS, registers: [registry] })
  return {
    operation: histogram(
      'operation_duration_seconds',
      'Duration of each operation of the REST API, by operationId and outcome: done, refused or failed.',
      'operation',
      'outcome',
    ),
    registryCall: histogram(
      'registry_call_duration_seconds',
      'Duration of each call to the registry of the artifacts, by call and outcome: done, not_found, unavailable or failed.',
      'call',
      'outcome',
    ),
    workerWait: histogram('worker_wait_seconds', 'Time that tasks waited for a worker.', 'task'),
    workerWork: histogram('worker_work_seconds', 'Duration of tasks in a worker.', 'task'),
    commit: histogram(
      'database_commit_duration_seconds',
      'Duration of each commit, including its transactions.',
    ),
    commitSize: new Histogram({
      name: 'database_commit_transactions',
      help: 'Number of transactions in each commit.',
      buckets: [1, 2, 4, 8, 16, 32, 64],
      registers: [registry],
    }),
    jobItem: histogram(
      'job_item_duration_seconds',
      'Duration of each item of a job, including retries, by kind and outcome.',
      'kind',
      'outcome',
    ),
  }
}

/** Values that are read when the metrics are scraped. */
export type Observed = {
  workers: () => { waiting: number; most: number }
  /** Number of OCI repositories whose tags are behind the database. */
  unfinished: () => number
  gates: () => Record<string, { inside: number; waiting: number }>
  bodyBytes: () => number
  answerBytes: () => number
  diskFree: () => number | undefined
  readOnly: () => boolean
}

export function observeWork(registry: Registry, observed: Observed): void {
  const gauge = (name: string, help: string, value: () => number | undefined) => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value() ?? Number.NaN)
      },
    })
  }
  gauge('worker_queue_length', 'Tasks that wait for a worker.', () => observed.workers().waiting)
  gauge(
    'worker_queue_limit',
    'Maximum number of tasks that wait for a worker.',
    () => observed.workers().most,
  )
  gauge(
    'intents_unfinished_repositories',
    'OCI repositories whose tags are behind the database because the registry has failed.',
    observed.unfinished,
  )
  gauge('answer_bytes', 'Memory held by answers to reads until clients have them.', observed.answerBytes)
  gauge('request_body_bytes', 'Memory held by the bodies of REST calls.', observed.bodyBytes)
  gauge(
    'disk_free_bytes',
    'Free space on the disk of the data folder; NaN if it is not monitored.',
    observed.diskFree,
  )
  gauge('read_only', '1 while writes are refused because the disk is nearly full, otherwise 0.', () =>
    observed.readOnly() ? 1 : 0,
  )
  new Gauge({
    name: 'requests_admitted',
    help: 'Requests that run (state="inside") and that wait to run (state="waiting"), by kind: write, large, read, list or push.',
    labelNames: ['kind', 'state'],
    registers: [registry],
    collect() {
      for (const [kind, { inside, waiting }] of Object.entries(observed.gates())) {
        this.set({ kind, state: 'inside' }, inside)
        this.set({ kind, state: 'waiting' }, waiting)
      }
    },
  })
}
