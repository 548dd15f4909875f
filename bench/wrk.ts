/** wrk makes the load for requests without a body: it takes less of the processors than any client in Node. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export const CONNECTIONS = 10

const run = promisify(execFile)

export type Load = { seconds: number; accept?: string }

/** GET requests. Throws where an answer has a status other than 2xx or 3xx, or none comes at all. */
export async function requestsPerSecond(url: string, { seconds, accept = '*/*' }: Load): Promise<number> {
  const options = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-H', `Accept: ${accept}`]
  const { stdout } = await run('wrk', [...options, url])
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]
  if (!Number(rate) || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk failed:\n${stdout}`)
  return Number(rate)
}

/** Whether wrk is there; says what is skipped where it is not. */
export async function hasWrk(skipped: string): Promise<boolean> {
  const found = await run('wrk', ['--version']).then(
    () => true,
    // It prints its version and ends with 1.
    (error: { code?: unknown }) => error.code === 1,
  )
  if (!found) console.error(`SKIPPED: ${skipped}. wrk makes the load, and is missing: apt-get install wrk`)
  return found
}
