/** Asks a running server to work on its data, which no other process may touch. */
import type { Config } from '../config.ts'
import { AppError } from '../core/errors.ts'

/** Returns the server's response to a POST. Throws `unavailable`. */
export async function askServer(
  { host, port }: Config['listen'],
  path: string,
  body: object,
): Promise<Response> {
  const local = host === '' || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  const url = new URL(`http://${local.includes(':') ? `[${local}]` : local}:${port}/api/v1${path}`)
  let response: Response
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
  } catch (error) {
    const message = `a server is using this data, but does not answer at ${url.host}: give its address with --listen, as for serve`
    throw new AppError('unavailable', message, { cause: error })
  }
  if (response.ok) return response
  const answer = (await response.json().catch(() => ({}))) as { detail?: string }
  throw new AppError(
    'unavailable',
    `the request to the server at ${url.host} failed: ${answer.detail ?? response.status}`,
  )
}
