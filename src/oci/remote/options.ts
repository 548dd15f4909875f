import type { CredentialsProvider } from './auth/credentials.ts'
import type { Timeouts } from './transport.ts'

export type RetryOptions = {
  /** How often a request is made at most, the first time included. */
  attempts: number
  /** Milliseconds before the second attempt; they double with each further one. */
  firstDelay: number
  /** The most that is waited between two attempts, in milliseconds, whatever the registry asks for. */
  maxDelay: number
}

type UploadOptions = {
  /** What is larger goes in chunks, in bytes. */
  maxMonolithic: number
  /** Bytes of a chunk. That much of an upload is held in memory, so that it can be sent again. */
  chunk: number
}

export type Clock = {
  /** Milliseconds since 1970. */
  now(): number
  sleep(milliseconds: number): Promise<void>
}

export type RemoteOptions = {
  /** Without it, the registry is used without credentials. */
  credentials?: CredentialsProvider
  userAgent?: string
  retry?: Partial<RetryOptions>
  timeouts?: Partial<Timeouts>
  upload?: Partial<UploadOptions>
  clock?: Clock
  /** What a tag points to that was removed where the registry can remove none: an artifact of this type. */
  removedType?: string
}

export type Settings = {
  credentials: CredentialsProvider
  userAgent: string
  retry: RetryOptions
  timeouts: Timeouts
  upload: UploadOptions
  clock: Clock
  removedType: string
}

const MIB = 1024 * 1024

export function settingsOf(options: RemoteOptions): Settings {
  return {
    credentials: options.credentials ?? (async () => undefined),
    userAgent: options.userAgent ?? 'oci-client',
    retry: { attempts: 5, firstDelay: 250, maxDelay: 15_000, ...options.retry },
    timeouts: { answer: 60_000, idle: 60_000, ...options.timeouts },
    upload: { maxMonolithic: 64 * MIB, chunk: 8 * MIB, ...options.upload },
    clock: options.clock ?? {
      now: Date.now,
      sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    },
    removedType: options.removedType ?? 'application/vnd.oci.removed.v1+json',
  }
}
