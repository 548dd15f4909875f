/** Errors of the SDK as one class with a short message. Dumps of requests are left out: they contain credentials. */

/** A request to S3 that failed, after the SDK has made all retries. */
export class S3Error extends Error {
  /** The code of S3, like "AccessDenied", or of the network, like "ECONNREFUSED". */
  readonly code: string
  /** The HTTP status; undefined if there was no response. */
  readonly status: number | undefined
  /** How often the request was sent. With more than one attempt, an earlier one may have succeeded. */
  readonly attempts: number
  /** The bucket's region, if S3 reports that the request went to another one. */
  readonly region: string | undefined

  constructor(
    message: string,
    failure: { code: string; status?: number | undefined; attempts?: number; region?: string | undefined },
  ) {
    super(message)
    this.name = 'S3Error'
    this.code = failure.code
    this.status = failure.status
    this.attempts = failure.attempts ?? 1
    this.region = failure.region
  }
}

/** The fields of the SDK's errors that are used here. */
type SdkError = Error & {
  code?: unknown
  Code?: unknown
  Region?: unknown
  $metadata?: { httpStatusCode?: number; attempts?: number }
  $response?: { statusCode?: number; headers?: Record<string, string> }
}

/** Converts an error of the SDK. `doing` is what was attempted, as in "S3: writing a/b failed". */
export function s3ErrorOf(error: unknown, doing: string): S3Error {
  if (error instanceof S3Error) return error
  const { $metadata, $response, Region } = error as SdkError
  const status = $metadata?.httpStatusCode ?? $response?.statusCode
  const attempts = $metadata?.attempts ?? 1
  const code = codeOf(error as SdkError, status)
  const region = typeof Region === 'string' ? Region : $response?.headers?.['x-amz-bucket-region']
  const details = [status && `HTTP ${status}`, attempts > 1 && `after ${attempts} attempts`].filter(Boolean)
  const suffix = details.length > 0 ? ` (${details.join(', ')})` : ''
  return new S3Error(`S3: ${doing} failed with ${code}${suffix}`, { code, status, attempts, region })
}

/** Names without a meaning: of the SDK for responses without a body, and of JavaScript. */
const MEANINGLESS = /^(?:Error|AggregateError|Unknown|UnknownError|\d+)$/

/** Codes for failures that have none, worded to fit into a message. */
export const NOT_S3 = 'a response that is not from S3'
export const NETWORK_ERROR = 'a network error'

function codeOf(error: SdkError, status: number | undefined): string {
  // A response that is not XML comes from something other than S3.
  if (error instanceof SyntaxError || error.name === 'SyntaxError') return NOT_S3
  const known = [error.code, error.name].find(
    (name): name is string => typeof name === 'string' && name !== '' && !MEANINGLESS.test(name),
  )
  return known ?? (status === undefined ? NETWORK_ERROR : (CODE_OF_STATUS[status] ?? 'no code'))
}

/** Responses to HEAD have no body, and so no code. */
const CODE_OF_STATUS: Record<number, string> = {
  301: 'PermanentRedirect',
  400: 'BadRequest',
  403: 'AccessDenied',
  404: 'NotFound',
  409: 'ConditionalRequestConflict',
  412: 'PreconditionFailed',
}

/** Returns whether the key does not exist, as opposed to its bucket. */
export function isMissing(error: unknown): boolean {
  return error instanceof S3Error && error.status === 404 && /^(?:NoSuchKey|NotFound)$/.test(error.code)
}

/** Returns the error for a key that does not exist. */
export function missing(doing: string, attempts: number): S3Error {
  return new S3Error(`S3: ${doing} failed with NotFound`, { code: 'NotFound', status: 404, attempts })
}

/** Returns whether the condition of a request did not hold. */
export function isRefused(error: unknown): boolean {
  return error instanceof S3Error && (error.status === 412 || isMissing(error))
}

/** Returns whether another conditional request was in progress on the key: nothing was done, so a retry is safe. */
export function isConflict(error: unknown): error is S3Error {
  return error instanceof S3Error && error.status === 409
}
