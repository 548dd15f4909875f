import { AppError } from '../../../core/errors.ts'
import type { Bucket } from './bucket.ts'
import { NETWORK_ERROR, NOT_S3, S3Error } from './s3-error.ts'

const PERMISSIONS =
  's3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload, s3:ListBucket and s3:ListBucketMultipartUploads'
const SETTINGS = 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or the role of the machine'
const ADVICE: readonly { codes: RegExp; advice: (error: S3Error, bucket: Bucket) => string }[] = [
  {
    codes: /^NoSuchBucket$/,
    advice: (_, { name }) => `there is no bucket ${name}: create it, or correct PKGSERVER_BLOBS`,
  },
  {
    codes: /^NotFound$/,
    advice: () => 'the server there is not S3: correct PKGSERVER_S3_ENDPOINT',
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
      `the credentials lack permissions: on the bucket ${name} they need ${PERMISSIONS}`,
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
      'the TLS connection failed: for a private certificate authority set NODE_EXTRA_CA_CERTS, and check whether PKGSERVER_S3_ENDPOINT should have http or https',
  },
  {
    codes: new RegExp(`^(?:E[A-Z]+|EAI_AGAIN|TimeoutError|${NETWORK_ERROR}|${NOT_S3})$`),
    advice: () => 'the server cannot be reached: check PKGSERVER_S3_ENDPOINT and that the server is running',
  },
]

/** Returns the error that keeps the server from starting, with advice where the cause is known. */
export function startupError(error: unknown, bucket: Bucket): unknown {
  if (!(error instanceof S3Error)) return error
  const advice = ADVICE.find(({ codes }) => codes.test(error.code))?.advice(error, bucket)
  return new AppError(
    'unavailable',
    `cannot use the S3 bucket: ${advice ? `${advice}. ` : ''}${error.message}`,
  )
}
