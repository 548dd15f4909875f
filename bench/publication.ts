/** Whole publications: a draft of 20 files is created, proposed and approved, each step durable. */
import { BenchClient } from './client.ts'
import { startServer } from './server.ts'
import type { Row } from './statistics.ts'

const FILES = 20
const CLIENTS = 16
const PACKAGES = 50
const PUBLICATIONS = 400
const RUNS = 5

export async function benchPublication(): Promise<Row[]> {
  const server = await startServer()
  const client = new BenchClient(server.port, CLIENTS)
  try {
    await client.post('/api/v1/repositories', { name: 'bench', type: 'catalog' })
    let next = 0
    const run = async (changed: number): Promise<number> => {
      const start = performance.now()
      const last = next + PUBLICATIONS
      const worker = async (): Promise<void> => {
        while (next < last) await publish(client, next++, changed)
      }
      await Promise.all(Array.from({ length: CLIENTS }, worker))
      return PUBLICATIONS / ((performance.now() - start) / 1000)
    }
    await run(FILES)
    const rows: Row[] = []
    for (const [what, changed] of [
      ['one file changed since the last revision', 1],
      ['every file new', FILES],
    ] as const) {
      const runs: number[] = []
      for (let i = 0; i < RUNS; i++) runs.push(await run(changed))
      rows.push({ what: `publications of ${FILES} files, ${what}`, unit: '/s', runs, goal: 150 })
    }
    return rows
  } finally {
    client.close()
    await server.stop()
  }
}

/** Publishes one revision in the repository `bench`, in which the first `changed` files are new. */
export async function publish(client: BenchClient, n: number, changed: number): Promise<void> {
  const path = `app/p${n % PACKAGES}`
  const workspace = `w${n}`
  const resources = Object.fromEntries(
    Array.from({ length: FILES }, (_, i) => [
      `part-${i % 4}/deployment-${i}.yaml`,
      deployment(i, i < changed ? n : 0),
    ]),
  )
  await publishFiles(client, path, workspace, resources)
}

/** Publishes one revision with these files. */
export async function publishFiles(
  client: BenchClient,
  path: string,
  workspace: string,
  resources: Record<string, string>,
): Promise<void> {
  await client.post('/api/v1/packagerevisions', {
    repository: 'bench',
    package: path,
    workspace,
    source: { resources },
  })
  const name = `bench.${path.replace('/', '.')}.${workspace}`
  await client.post(`/api/v1/packagerevisions/${name}/propose`)
  await client.post(`/api/v1/packagerevisions/${name}/approve`)
}

/** Returns a file of 650 bytes, the median of real packages. */
function deployment(i: number, n: number): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-${i}
  namespace: bench
  labels:
    app.kubernetes.io/name: app-${i}
    app.kubernetes.io/version: "1.${n}.0"
spec:
  replicas: 3
  selector:
    matchLabels:
      app.kubernetes.io/name: app-${i}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: app-${i}
    spec:
      containers:
        - name: main
          image: registry.example.com/apps/app-${i}:1.${n}.0
          ports:
            - containerPort: 8080
          env:
            - name: LOG_LEVEL
              value: info
`
}
