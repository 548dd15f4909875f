export type S3Options = {
  bucket: string
  /** What all keys begin with, like "registry/a"; empty for none. */
  prefix: string
  /** A folder of this process alone, for what uploads take in. It is emptied. */
  spool: string
  /** Of a server other than AWS. */
  endpoint?: URL | undefined
  /** Else what the SDK finds in the environment and in its files, else us-east-1. */
  region?: string | undefined
  /** Whether the bucket stands in the path of URLs, not in the name of the host: initially with an endpoint only. */
  pathStyle?: boolean | undefined
  /** Else what the SDK finds: environment, files, roles. */
  credentials?: { accessKeyId: string; secretAccessKey: string } | undefined
  /** Whether clients may be sent to S3 for bytes. */
  redirects?: boolean | undefined
  /** Under which name clients reach S3, if not under that of `endpoint`. */
  redirectEndpoint?: URL | undefined
  /** For how long S3 may be silent, in milliseconds, before a request is given up and sent anew. */
  timeout?: number | undefined
}
