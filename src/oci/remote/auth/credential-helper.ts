/** https://github.com/docker/docker-credential-helpers */
import { spawn } from 'node:child_process'
import { readAll } from '../../content.ts'
import { OciError } from '../../errors.ts'
import type { Credentials } from './credentials.ts'

/** Milliseconds. */
const TIMEOUT = 30_000
const MAX_OUTPUT = 1024 * 1024
/** The user name that marks an identity token in place of a password. */
const TOKEN_USER = '<token>'

/**
 * Runs `docker-credential-<helper> get` for a server. Returns undefined if the helper has no credentials for it. Throws
 * `denied` if the helper fails; the error quotes its output only after a non-zero exit, as other output may be secret.
 */
export async function askHelper(
  helper: string,
  server: string,
  timeout: number = TIMEOUT,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`
  const failed = (why: string) =>
    new OciError('denied', `cannot get credentials for ${server}: ${program} ${why}`)
  // A path separator would run a program outside of the PATH.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(helper)) throw failed('is not a valid credential helper name')
  const { code, output } = await run(program, server, timeout, failed)
  if (code !== 0) {
    if (/credentials not found/i.test(output)) return undefined
    throw failed(`failed: ${output.trim().slice(0, 200)}`)
  }
  const credentials = parse(output)
  if (!credentials) throw failed('printed something other than credentials')
  const { Username: username, Secret: secret } = credentials
  return username === TOKEN_USER ? { identityToken: secret } : { username, password: secret }
}

async function run(
  program: string,
  input: string,
  timeout: number,
  failed: (why: string) => OciError,
): Promise<{ code: number | null; output: string }> {
  const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'] })
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    child.kill('SIGKILL')
    // A grandchild may keep the pipe open.
    child.stdout.destroy()
  }, timeout)
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        failed(
          error.code === 'ENOENT'
            ? 'is not installed, or not in the PATH'
            : `cannot be run: ${error.message}`,
        ),
      )
    })
    child.once('exit', resolve)
  })
  // A helper that exits without reading its input is reported by its exit code.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  try {
    const [output, code] = await Promise.all([readAll(child.stdout, MAX_OUTPUT), ended])
    return { code, output: Buffer.from(output).toString() }
  } catch (error) {
    child.kill('SIGKILL')
    if (timedOut) throw failed(`timed out after ${timeout / 1000} seconds`)
    if (error instanceof OciError && error.code === 'denied') throw error
    throw failed('printed output that cannot be read')
  } finally {
    clearTimeout(timer)
  }
}

function parse(output: string): { Username: string; Secret: string } | undefined {
  try {
    const value = JSON.parse(output)
    return typeof value?.Username === 'string' && typeof value.Secret === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
