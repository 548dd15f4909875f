/** wrk makes the load for requests without a body: it takes less of the processors than any client in Node. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export const CONNECTIONS = 10

const run = promisify(execFile)

export type Load = { seconds: number; method?: 'GET' | 'HEAD'; accept?: string }

/** Throws where an answer has a status other than 2xx or 3xx, or none comes at all. */
export async function requestsPerSecond(
  url: string,
  { seconds, method = 'GET', accept = '*/*' }: Load,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'pkgserver-bench-'))
  try {
    const script = join(folder, 'method.lua')
    await writeFile(script, `wrk.method = "${method}"\nwrk.headers["Accept"] = "${accept}"\n`)
    const { stdout } = await run('wrk', ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', script, url])
    const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]
    if (!Number(rate) || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk failed:\n${stdout}`)
    return Number(rate)
  } finally {
    await rm(folder, { recursive: true })
  }
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
