import type { AgentOptions } from 'node:http'

export type S3Options = {
  bucket: string
  /** The prefix of all keys, like "registry/a"; empty for none. */
  prefix: string
  /** A folder for uploads in progress, used by this process only. Opening the store empties it. */
  spool: string
  /** The URL of a server other than AWS, perhaps with a path. */
  endpoint?: URL | undefined
  /** Defaults to what the SDK finds in the environment or in its files, then to us-east-1. */
  region?: string | undefined
  /** Puts the bucket into the path of URLs instead of the host name. Defaults to true with an endpoint. */
  pathStyle?: boolean | undefined
  /** Defaults to what the SDK finds in the environment, in files or from roles. */
  credentials?: { accessKeyId: string; secretAccessKey: string } | undefined
  /** Redirects clients to S3 for downloads. */
  redirects?: boolean | undefined
  /** The URL under which clients reach S3, if not `endpoint`. */
  redirectEndpoint?: URL | undefined
  /** Which proxy to use for which host, as Node's agents take it. */
  proxies?: AgentOptions['proxyEnv']
  /** How long S3 may be silent before a request is retried, in milliseconds. */
  timeout?: number | undefined
}
