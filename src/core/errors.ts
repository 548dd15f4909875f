/**
 * The one error of the domain and of the use cases. It knows no HTTP: each edge (REST, the registry, later
 * Kubernetes) translates the code into its own words.
 */

/** Every way in which a call can fail. Closed: an edge's table must name each of them. */
const ERROR_CODES = [
  'invalid',
  'not_found',
  'already_exists',
  'wrong_lifecycle',
  'not_ready',
  'in_use',
  'conflict',
  'forbidden',
  'precondition_required',
  'precondition_failed',
  'expired',
  'invalid_archive',
  'too_large',
  'not_available',
  'unavailable',
  'overloaded',
  'insufficient_storage',
  'internal',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** One fault among several: where it is, and what is wrong there. */
export type ErrorDetail = {
  /** A file of the package, or the path of a field of the request (`source.resources`). */
  path: string
  /** 1-based line in that file. */
  line?: number
  /** 1-based column in that line. */
  column?: number
  message: string
}

export class AppError extends Error {
  readonly code: ErrorCode
  readonly details: readonly ErrorDetail[]

  /** `message` is for the client: what is wrong and what to do about it. */
  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: readonly ErrorDetail[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.details = options.details ?? []
  }
}

const DISK_FULL = ['ENOSPC', 'EDQUOT', 'insufficient_storage']

/** Whether something failed because the disk is full: as the operating system says, or an `AppError`. */
export function isDiskFull(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && DISK_FULL.includes(String(cause.code))) return true
  }
  return false
}

const MAX_MESSAGE = 4096

/** A message at a length that an answer can carry: what it quotes comes from outside, and may be of any. */
export function shortened(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE).toWellFormed()}…`
}
