/** wrk makes requests without a body: it takes less processor time than any client in Node. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export const CONNECTIONS = 10

const run = promisify(execFile)

export type Load = { seconds: number; accept?: string; authorization?: string | undefined }

/** Makes GET requests. Throws if a response is missing or its status is neither 2xx nor 3xx. */
export async function requestsPerSecond(
  url: string,
  { seconds, accept = '*/*', authorization }: Load,
): Promise<number> {
  const options = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-H', `Accept: ${accept}`]
  if (authorization !== undefined) options.push('-H', `Authorization: ${authorization}`)
  const { stdout } = await run('wrk', [...options, url])
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]
  if (!Number(rate) || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk failed:\n${stdout}`)
  return Number(rate)
}

/** Returns whether wrk is installed, and prints what is skipped if it is not. */
export async function hasWrk(skipped: string): Promise<boolean> {
  const found = await run('wrk', ['--version']).then(
    () => true,
    // It prints its version and exits with 1.
    (error: { code?: unknown }) => error.code === 1,
  )
  if (!found) console.error(`SKIPPED: ${skipped}. It needs wrk: apt-get install wrk`)
  return found
}
