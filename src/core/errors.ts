/**
 * The one error of the domain and of the use cases. It knows no HTTP: each surface (REST, the registry, the command
 * line) phrases the code and the remedy for its users.
 */
import type { Remedy } from './remedy.ts'

/** Every way in which a call can fail. Closed, so that a surface's table must name each of them. */
const ERROR_CODES = [
  'invalid',
  'not_found',
  'already_exists',
  'wrong_lifecycle',
  'not_ready',
  'in_use',
  'conflict',
  'unauthenticated',
  'throttled',
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

/** One fault among several. */
export type ErrorDetail = {
  /** The place of the fault: a file of the package, a condition, a package revision. */
  path: string
  /** 1-based line in that file. */
  line?: number
  /** 1-based column in that line. */
  column?: number
  message: string
}

/** Returns a fault as compilers write it: `upf.yaml:3:7: …`. */
export function detailText({ path, line, column, message }: ErrorDetail): string {
  return `${[path, line, column].filter((part) => part !== undefined).join(':')}: ${message}`
}

/** A fault in what the caller asked for: the path of the field (`targets.3`), without the surface's name for the whole. */
export type FieldDetail = { field: string; message: string }

export type AppErrorOptions = {
  details?: readonly (ErrorDetail | FieldDetail)[]
  remedy?: Remedy | undefined
  cause?: unknown
}

export class AppError extends Error {
  readonly code: ErrorCode
  readonly details: readonly (ErrorDetail | FieldDetail)[]
  readonly remedy: Remedy | undefined

  /** `message` says to users of any surface what is wrong, and what to do where the remedy does not say it. */
  constructor(code: ErrorCode, message: string, { details = [], remedy, cause }: AppErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'AppError'
    this.code = code
    this.details = details
    this.remedy = remedy
  }
}

const DISK_FULL = ['ENOSPC', 'EDQUOT', 'insufficient_storage']

/** Whether an error was caused by a full disk: one of the operating system, or an `AppError`. */
export function isDiskFull(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && DISK_FULL.includes(String(cause.code))) return true
  }
  return false
}

const MAX_MESSAGE = 4096

/** Cuts a message to a length that a response can carry: what it quotes comes from outside. */
export function shortened(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE).toWellFormed()}…`
}
