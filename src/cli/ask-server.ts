/** Work on data that a running server has, and alone may touch. */
import type { Config } from '../config.ts'
import { AppError } from '../core/errors.ts'

/** The server's answer to a POST. Throws `unavailable`. */
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
    const message = `a server is at work on this data, and does not answer at ${url.host}: say where it is with --listen, as for serve`
    throw new AppError('unavailable', message, { cause: error })
  }
  if (response.ok) return response
  const answer = (await response.json().catch(() => ({}))) as { detail?: string }
  throw new AppError(
    'unavailable',
    `the server at ${url.host} did not do it: ${answer.detail ?? response.status}`,
  )
}
