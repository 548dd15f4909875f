import type { CredentialsProvider } from './auth/credentials.ts'
import { Connections } from './connections.ts'
import type { Timeouts } from './transport.ts'

export type RetryOptions = {
  /** The maximum number of attempts, including the first. */
  attempts: number
  /** Milliseconds before the second attempt, doubled for each further one. */
  firstDelay: number
  /** The maximum delay in milliseconds, even if the registry asks for a longer one. */
  maxDelay: number
}

type UploadOptions = {
  /** The largest blob, in bytes, that is uploaded in one request rather than in chunks. */
  maxMonolithic: number
  /** Bytes per chunk. Each upload buffers that much in memory to be able to retry. */
  chunk: number
}

export type Clock = {
  /** Milliseconds since 1970. */
  now(): number
  sleep(milliseconds: number): Promise<void>
}

export type RemoteOptions = {
  /** Default: anonymous. */
  credentials?: CredentialsProvider
  userAgent?: string
  retry?: Partial<RetryOptions>
  timeouts?: Partial<Timeouts>
  upload?: Partial<UploadOptions>
  clock?: Clock
  /** Default: to any address, without a proxy. */
  connections?: Connections
  /** The artifact type of the placeholder that a removed tag points at if the registry cannot delete tags. */
  placeholderType?: string
}

export type Settings = {
  credentials: CredentialsProvider
  userAgent: string
  retry: RetryOptions
  timeouts: Timeouts
  upload: UploadOptions
  clock: Clock
  connections: Connections
  placeholderType: string
}

const MIB = 1024 * 1024

/** Fills in the defaults. */
export function settingsOf(options: RemoteOptions): Settings {
  return {
    credentials: options.credentials ?? (async () => undefined),
    userAgent: options.userAgent ?? 'oci-client',
    retry: { attempts: 5, firstDelay: 250, maxDelay: 15_000, ...options.retry },
    timeouts: { response: 60_000, idle: 60_000, document: 60_000, ...options.timeouts },
    upload: { maxMonolithic: 64 * MIB, chunk: 8 * MIB, ...options.upload },
    clock: options.clock ?? {
      now: Date.now,
      sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    },
    connections: options.connections ?? new Connections(),
    placeholderType: options.placeholderType ?? 'application/vnd.oci.removed.v1+json',
  }
}
