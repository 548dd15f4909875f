/** Metrics of what the server does: use cases, calls to the registry, commits, threads and queues. */
import { Gauge, Histogram, type Registry } from 'prom-client'

export type WorkMetrics = {
  operation: Histogram<'operation' | 'outcome'>
  registryCall: Histogram<'call' | 'outcome'>
  threadWait: Histogram<'task'>
  threadWork: Histogram<'task'>
  commit: Histogram
  commitSize: Histogram
  jobItem: Histogram<'kind' | 'outcome'>
}

/** From a millisecond, of what memory answers, to a minute, where most time-outs are. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

export function workMetrics(registry: Registry): WorkMetrics {
  const histogram = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Histogram({ name, help, labelNames, buckets: SECONDS, registers: [registry] })
  return {
    operation: histogram(
      'operation_duration_seconds',
      'Time of each operation of the API document, by operationId and outcome: done, refused or failed.',
      'operation',
      'outcome',
    ),
    registryCall: histogram(
      'registry_call_duration_seconds',
      'Time of each call to the registry that keeps the artifacts, by call and outcome: done, not_found, unavailable or failed.',
      'call',
      'outcome',
    ),
    threadWait: histogram('thread_wait_seconds', 'How long work waited for a thread.', 'task'),
    threadWork: histogram('thread_work_seconds', 'How long work took in a thread.', 'task'),
    commit: histogram(
      'database_commit_duration_seconds',
      'Time of each commit, with the transactions in it.',
    ),
    commitSize: new Histogram({
      name: 'database_commit_transactions',
      help: 'How many transactions went into one commit.',
      buckets: [1, 2, 4, 8, 16, 32, 64],
      registers: [registry],
    }),
    jobItem: histogram(
      'job_item_duration_seconds',
      'Time of each item of a job, with its repetitions, by kind and outcome.',
      'kind',
      'outcome',
    ),
  }
}

/** What is looked at when somebody asks for the metrics. */
export type Observed = {
  threads: () => { waiting: number; most: number }
  /** OCI repositories whose tags do not yet follow the database. */
  unfinished: () => number
  gates: () => Record<string, { inside: number; waiting: number }>
  bodyBytes: () => number
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
  gauge('thread_queue_length', 'Work that waits for a thread.', () => observed.threads().waiting)
  gauge('thread_queue_limit', 'How much work may wait for a thread.', () => observed.threads().most)
  gauge(
    'intents_unfinished_repositories',
    'OCI repositories in which tags do not follow the database yet, as the registry has failed.',
    observed.unfinished,
  )
  gauge('request_body_bytes', 'What the bodies of REST calls hold in memory.', observed.bodyBytes)
  gauge(
    'disk_free_bytes',
    'Free room on the disk of the data folder; NaN where nobody looks.',
    observed.diskFree,
  )
  gauge('read_only', 'Whether writes are refused, as the disk is nearly full: 1 or 0.', () =>
    observed.readOnly() ? 1 : 0,
  )
  new Gauge({
    name: 'requests_admitted',
    help: 'Requests at work (state="inside") and waiting for that (state="waiting"), by kind: write, large, read or push.',
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
