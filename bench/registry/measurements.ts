/** The measurements of each registry. Each is prepared once and then repeated. */
import { BenchClient } from '../client.ts'
import { headsPerSecond } from '../head.ts'
import { CONNECTIONS, requestsPerSecond } from '../wrk.ts'
import { MANIFEST_TYPE, pushArtifact, pushBlob, pushManifest, randomBlob, uploadBlob } from './artifact.ts'

export type Measurement = {
  what: string
  unit: string
  /** Returns a function that measures once. */
  prepare: (port: number) => Promise<() => Promise<number>>
}

const SECONDS = 3
const SMALL = 10 * 1024
const LARGE = 100 * 1000 * 1000
const TAGS = 1000

export const MEASUREMENTS: readonly Measurement[] = [
  pull('GET manifest by tag', gets),
  pull('HEAD manifest by tag', heads),
  {
    what: 'GET blob of 10 KiB',
    unit: '/s',
    prepare: async (port) => {
      const blob = randomBlob(SMALL)
      await withClient(port, 1, (client) => pushBlob(client, 'bench/app', blob))
      return gets(port, `/v2/bench/app/blobs/${blob.digest}`)
    },
  },
  {
    what: `list of ${TAGS} tags`,
    unit: '/s',
    prepare: async (port) => {
      const layer = randomBlob(SMALL)
      await withClient(port, CONNECTIONS, async (client) => {
        await pushArtifact(client, 'bench/tags', 'tag-0', layer)
        await atOnce(async (worker) => {
          for (let i = worker + 1; i < TAGS; i += CONNECTIONS) {
            await pushManifest(client, 'bench/tags', `tag-${i}`, layer)
          }
        })
      })
      return gets(port, '/v2/bench/tags/tags/list')
    },
  },
  push('push of a small artifact to one repository', () => 'bench/pushed'),
  push('push of a small artifact to ten repositories', (worker) => `bench/pushed-${worker}`),
  {
    what: 'upload of 100 MB',
    unit: 'MB/s',
    prepare: async (port) => () =>
      withClient(port, 1, async (client) => {
        const blob = randomBlob(LARGE)
        return megabytesPerSecond(() => uploadBlob(client, 'bench/large', blob))
      }),
  },
  {
    what: 'download of 100 MB',
    unit: 'MB/s',
    prepare: async (port) => {
      const blob = randomBlob(LARGE)
      await withClient(port, 1, (client) => uploadBlob(client, 'bench/large', blob))
      return () =>
        withClient(port, 1, (client) =>
          megabytesPerSecond(async () => {
            const { bytes } = await client.expect([200], 'GET', `/v2/bench/large/blobs/${blob.digest}`)
            if (bytes !== LARGE) throw new Error(`the blob has ${bytes} bytes, not ${LARGE}`)
          }),
        )
    },
  },
]

function pull(what: string, load: typeof gets): Measurement {
  return {
    what,
    unit: '/s',
    prepare: async (port) => {
      await withClient(port, 1, (client) => pushArtifact(client, 'bench/app', 'latest', randomBlob(SMALL)))
      return load(port, '/v2/bench/app/manifests/latest')
    },
  }
}

// docker-registry returns an OCI manifest only to clients that accept its media type.
const LOAD = { seconds: SECONDS, accept: MANIFEST_TYPE }

function gets(port: number, path: string): () => Promise<number> {
  return () => requestsPerSecond(`http://127.0.0.1:${port}${path}`, LOAD)
}

function heads(port: number, path: string): () => Promise<number> {
  return () => headsPerSecond({ port, path, ...LOAD })
}

/** Pushes artifacts with a new layer and their own tag. */
function push(what: string, repository: (worker: number) => string): Measurement {
  return {
    what,
    unit: '/s',
    prepare: async (port) => {
      let run = 0
      return () => {
        run++
        return withClient(port, CONNECTIONS, async (client) => {
          const start = performance.now()
          let pushed = 0
          await atOnce(async (worker) => {
            while (performance.now() - start < SECONDS * 1000) {
              const tag = `r${run}-${worker}-${pushed++}`
              await pushArtifact(client, repository(worker), tag, randomBlob(SMALL))
            }
          })
          return pushed / ((performance.now() - start) / 1000)
        })
      }
    },
  }
}

async function atOnce(work: (worker: number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, worker) => work(worker)))
}

async function megabytesPerSecond(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return LARGE / 1_000_000 / ((performance.now() - start) / 1000)
}

async function withClient<T>(
  port: number,
  connections: number,
  work: (client: BenchClient) => Promise<T>,
): Promise<T> {
  const client = new BenchClient(port, connections)
  try {
    return await work(client)
  } finally {
    client.close()
  }
}
