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
 * Runs `docker-credential-<helper> get` for a server; undefined where it has no credentials for that. Throws `denied`
 * where it does not work. What it printed is told only where it is no answer: an answer is secret.
 */
export async function askHelper(
  helper: string,
  server: string,
  timeout: number = TIMEOUT,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`
  const failed = (why: string) =>
    new OciError('denied', `the credentials for ${server} cannot be had: ${program} ${why}`)
  // It is the name of a program in the PATH, and no way out of it.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(helper)) throw failed('is not the name of a credential helper')
  const { code, output } = await run(program, server, timeout, failed)
  if (code !== 0) {
    if (/credentials not found/i.test(output)) return undefined
    throw failed(`failed: ${output.trim().slice(0, 200)}`)
  }
  const answer = parse(output)
  if (!answer) throw failed('answered with something that is no credentials')
  const { Username: username, Secret: secret } = answer
  return username === TOKEN_USER ? { identityToken: secret } : { username, password: secret }
}

async function run(
  program: string,
  input: string,
  timeout: number,
  failed: (why: string) => OciError,
): Promise<{ code: number | null; output: string }> {
  const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'] })
  let late = false
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
    // A child of its own may hold the pipe open.
    child.stdout.destroy()
  }, timeout)
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(failed(error.code === 'ENOENT' ? 'is not there: install it' : `cannot be run: ${error.message}`))
    })
    child.once('exit', resolve)
  })
  // One that ends without reading what it was asked has its exit code to say why.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  try {
    const [output, code] = await Promise.all([readAll(child.stdout, MAX_OUTPUT), ended])
    return { code, output: Buffer.from(output).toString() }
  } catch (error) {
    child.kill('SIGKILL')
    if (late) throw failed(`did not answer within ${timeout / 1000} seconds`)
    if (error instanceof OciError && error.code === 'denied') throw error
    throw failed('could not be read')
  } finally {
    clearTimeout(timer)
  }
}

function parse(output: string): { Username: string; Secret: string } | undefined {
  try {
    const answer = JSON.parse(output)
    return typeof answer?.Username === 'string' && typeof answer.Secret === 'string' ? answer : undefined
  } catch {
    return undefined
  }
}
