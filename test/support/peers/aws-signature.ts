/** Signs S3 requests without the code under test. The signature does not cover the body. */
import { createHash, createHmac } from 'node:crypto'
import type { S3Peer } from './s3-servers.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
export async function signedFetch(
  peer: S3Peer,
  method: string,
  path: string,
  body?: string,
): Promise<Response> {
  const url = new URL(path, peer.url)
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const date = time.slice(0, 8)
  const headers = { host: url.host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'x-amz-date': time }
  const names = Object.keys(headers).join(';')
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
  const request = [method, url.pathname, '', lines.join(''), names, 'UNSIGNED-PAYLOAD'].join('\n')
  const scope = `${date}/${peer.region}/s3/aws4_request`
  const hash = createHash('sha256').update(request).digest('hex')
  let key: string | Buffer = `AWS4${peer.credentials.secretAccessKey}`
  for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest()
  const signature = createHmac('sha256', key)
    .update(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash}`)
    .digest('hex')
  const credential = `${peer.credentials.accessKeyId}/${scope}`
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${names},Signature=${signature}`
  return fetch(url, { method, headers: { ...headers, authorization }, ...(body !== undefined && { body }) })
}
