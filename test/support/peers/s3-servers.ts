/** Third-party S3 servers. They do not prove what Amazon S3 does, but were written for its clients. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { signedFetch } from './aws-signature.ts'
import { type Peer, peerProgram, startServerProcess } from './server-process.ts'

export type S3Peer = Peer & {
  region: string
  credentials: { accessKeyId: string; secretAccessKey: string }
}

/** Stores files, and checks the signatures of requests. */
export const VERSITYGW = peerProgram('versitygw')

/** A Python program that stores in memory and accepts any credentials. */
export const MOTO = peerProgram('moto_server')

const ACCESS = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'tester', secretAccessKey: 'correct horse' },
}

export async function versitygw(): Promise<S3Peer> {
  const { accessKeyId, secretAccessKey } = ACCESS.credentials
  const peer = await startServerProcess(VERSITYGW, async (port, folder) => {
    const [buckets, metadata] = [join(folder, 'buckets'), join(folder, 'metadata')]
    await mkdir(buckets)
    await mkdir(metadata)
    return {
      args: [
        ...['--port', `127.0.0.1:${port}`, '--region', ACCESS.region, '--health', '/health', '--quiet'],
        // By default it uses extended attributes, which not every file system for temporary files has.
        ...['posix', '--sidecar', metadata, buckets],
      ],
      env: { ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
      ready: '/health',
    }
  })
  return { ...peer, ...ACCESS }
}

export async function moto(): Promise<S3Peer> {
  const peer = await startServerProcess(MOTO, async (port) => ({
    args: ['--host', '127.0.0.1', '--port', String(port)],
    ready: '/moto-api/data.json',
  }))
  return { ...peer, ...ACCESS }
}

/** Starts a server and creates the bucket "packages". */
export async function withBucket(start: () => Promise<S3Peer>): Promise<S3Peer> {
  const peer = await start()
  const created = await signedFetch(peer, 'PUT', '/packages')
  if (!created.ok) throw new Error(`cannot create a bucket: ${created.status} ${await created.text()}`)
  return peer
}
