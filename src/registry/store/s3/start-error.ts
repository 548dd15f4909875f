import { AppError } from '../../../core/errors.ts'
import type { Bucket } from './bucket.ts'
import { S3Error } from './s3-error.ts'

const PERMISSIONS =
  's3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload, s3:ListBucket and s3:ListBucketMultipartUploads'
const SETTINGS = 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or the role of the machine'
const WHAT_TO_DO: readonly { codes: RegExp; advice: (error: S3Error, bucket: Bucket) => string }[] = [
  {
    codes: /^NoSuchBucket$/,
    advice: (_, { name }) => `there is no bucket ${name}: create it, or correct PKGSERVER_BLOBS`,
  },
  {
    codes: /^NotFound$/,
    advice: () => 'what answers there is not S3: correct PKGSERVER_S3_ENDPOINT',
  },
  {
    codes: /^CredentialsProviderError$/,
    advice: () => `no credentials were found: set ${SETTINGS}`,
  },
  {
    codes: /^(?:InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|ExpiredToken|TokenRefreshRequired)$/,
    advice: () => `the credentials are not valid: correct ${SETTINGS}`,
  },
  {
    codes: /^(?:AccessDenied|AllAccessDisabled|Forbidden|AccountProblem)$/,
    advice: (_, { name }) =>
      `the credentials do not allow it: on the bucket ${name} they need ${PERMISSIONS}`,
  },
  {
    codes:
      /^(?:PermanentRedirect|TemporaryRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException)$/,
    advice: ({ region }, { name }) =>
      `the bucket ${name} is in ${region ? `the region ${region}` : 'another region'}: set PKGSERVER_S3_REGION to it`,
  },
  {
    codes: /^RequestTimeTooSkewed$/,
    advice: () => 'the clock of this machine is wrong: set it',
  },
  {
    codes: /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|EPROTO$)/,
    advice: () =>
      'no connection by TLS: for a certificate of your own set NODE_EXTRA_CA_CERTS, and check whether PKGSERVER_S3_ENDPOINT should have http or https',
  },
  {
    codes: /^(?:E[A-Z]+|EAI_AGAIN|TimeoutError|an error of the network|an answer that is not one of S3)$/,
    advice: () => 'the server cannot be reached: check PKGSERVER_S3_ENDPOINT, and that it is up',
  },
]

/** What is wrong with the bucket, and what to do about it, where that is known. */
export function startError(error: unknown, bucket: Bucket): unknown {
  if (!(error instanceof S3Error)) return error
  const advice = WHAT_TO_DO.find(({ codes }) => codes.test(error.code))?.advice(error, bucket)
  return new AppError('unavailable', `cannot store in S3: ${advice ? `${advice}. ` : ''}${error.message}`)
}
