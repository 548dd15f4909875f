/** What the SDK throws, as one kind of error with a sentence: no dumps of requests, which have credentials in them. */

/** A call of S3 that failed for good: the SDK has repeated what can be repeated. */
export class S3Error extends Error {
  /** S3's own code, like "AccessDenied", or that of the network, like "ECONNREFUSED". */
  readonly code: string
  /** Of HTTP; undefined where there was no answer. */
  readonly status: number | undefined
  /** How often the request was sent. With more than one, an earlier one may have been carried out. */
  readonly attempts: number
  /** Where the bucket is, when S3 says that it is asked in the wrong region. */
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

/** The parts of the SDK's errors that are of use. */
type SdkError = Error & {
  code?: unknown
  Code?: unknown
  Region?: unknown
  $metadata?: { httpStatusCode?: number; attempts?: number }
  $response?: { statusCode?: number; headers?: Record<string, string> }
}

/** `doing` is what was tried, as in "S3: writing a/b failed". */
export function s3ErrorOf(error: unknown, doing: string): S3Error {
  if (error instanceof S3Error) return error
  const { $metadata, $response, Region } = error as SdkError
  const status = $metadata?.httpStatusCode ?? $response?.statusCode
  const attempts = $metadata?.attempts ?? 1
  const code = codeOf(error as SdkError, status)
  const region = typeof Region === 'string' ? Region : $response?.headers?.['x-amz-bucket-region']
  const details = [status && `HTTP ${status}`, attempts > 1 && `after ${attempts} tries`].filter(Boolean)
  const suffix = details.length > 0 ? ` (${details.join(', ')})` : ''
  return new S3Error(`S3: ${doing} failed with ${code}${suffix}`, { code, status, attempts, region })
}

/** Names that say nothing: the SDK's, for answers without a body, and JavaScript's. */
const MEANINGLESS = /^(?:Error|AggregateError|Unknown|UnknownError|\d+)$/

function codeOf(error: SdkError, status: number | undefined): string {
  // What is no XML is not from S3 but from something that stands in its place.
  if (error instanceof SyntaxError || error.name === 'SyntaxError') return 'an answer that is not one of S3'
  const known = [error.code, error.name].find(
    (name): name is string => typeof name === 'string' && name !== '' && !MEANINGLESS.test(name),
  )
  return known ?? (status === undefined ? 'an error of the network' : (CODE_OF_STATUS[status] ?? 'no code'))
}

/** HEAD has no body, and so no code. */
const CODE_OF_STATUS: Record<number, string> = {
  301: 'PermanentRedirect',
  400: 'BadRequest',
  403: 'AccessDenied',
  404: 'NotFound',
  409: 'ConditionalRequestConflict',
  412: 'PreconditionFailed',
}

/** Whether there is nothing under the key, as opposed to no bucket that it could be in. */
export function isMissing(error: unknown): boolean {
  return error instanceof S3Error && error.status === 404 && /^(?:NoSuchKey|NotFound)$/.test(error.code)
}

/** Whether something else is there than the condition asks for. */
export function isRefused(error: unknown): boolean {
  return error instanceof S3Error && (error.status === 412 || isMissing(error))
}

/** Whether another conditional request was under way on the key: nothing was done, and it can be repeated. */
export function isConflict(error: unknown): error is S3Error {
  return error instanceof S3Error && error.status === 409
}
