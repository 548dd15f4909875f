/** Calls the REST API of a server: one that listens, or the app of this process. */
import { setTimeout } from 'node:timers/promises'
import { AppError, detailText, type ErrorDetail } from '../../core/errors.ts'
import { firstFew } from '../../core/first-few.ts'

export type Send = (request: Request) => Promise<Response>

/** Of an overloaded server; it says after how many seconds to retry. */
const ATTEMPTS = 5
const LONGEST_WAIT = 10

/** An answer of the server that is no success. */
export class RestError extends AppError {
  readonly status: number
  /** The `code` of the problem document. */
  readonly problem: string | undefined

  constructor(status: number, problem: string | undefined, message: string) {
    super(status === 401 || status === 403 ? 'forbidden' : 'conflict', message)
    this.name = 'RestError'
    this.status = status
    this.problem = problem
  }
}

type Problem = {
  code?: string
  detail?: string
  errors?: ErrorDetail[]
}

export class RestApi {
  readonly #base: URL
  readonly #token: string | undefined
  readonly #send: Send

  constructor(base: URL, token: string | undefined, send: Send = fetch) {
    this.#base = base
    this.#token = token
    this.#send = send
  }

  /** Throws a `RestError` for an answer that is no success, `unavailable` without one, and `conflict` for that of other programs. */
  async call<Body>(method: string, path: string, body?: object): Promise<Body> {
    for (let attempt = 1; ; attempt++) {
      const response = await this.#answer(method, path, body)
      if (response.ok) return (await this.#read(response)) as Body
      const wait = Number(response.headers.get('Retry-After') ?? Number.NaN)
      if (response.status !== 503 || Number.isNaN(wait) || attempt === ATTEMPTS) throw await errorOf(response)
      await response.body?.cancel()
      await setTimeout(Math.min(wait, LONGEST_WAIT) * 1000)
    }
  }

  /** As `call`, but resolves to undefined for what does not exist. */
  async find<Body>(path: string): Promise<Body | undefined> {
    try {
      return await this.call<Body>('GET', path)
    } catch (error) {
      if (error instanceof RestError && error.status === 404) return undefined
      throw error
    }
  }

  async #answer(method: string, path: string, body: object | undefined): Promise<Response> {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const request = new Request(new URL(`/api/v1${path}`, this.#base), {
      method,
      headers: {
        ...(body && { 'Content-Type': type }),
        ...(this.#token !== undefined && { Authorization: `Bearer ${this.#token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
      // A redirect would turn a POST into a GET.
      redirect: 'manual',
    })
    return this.#answered(this.#send(request))
  }

  async #read(response: Response): Promise<unknown> {
    const text = await this.#answered(response.text())
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw new AppError(
        'conflict',
        `${this.#base.host} does not answer as pkgserver does: name the URL of one`,
        { cause },
      )
    }
  }

  async #answered<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (cause) {
      throw new AppError(
        'unavailable',
        `the server at ${this.#base.host} does not answer: run the command again once it does, and it goes on from there`,
        { cause },
      )
    }
  }
}

/** Faults of single files say more than the sentence about all of them. */
const SHOWN_FAULTS = 5

async function errorOf(response: Response): Promise<RestError> {
  const { code, detail, errors = [] } = (await response.json().catch(() => ({}))) as Problem
  const text = errors.length > 0 ? firstFew(errors.map(detailText), SHOWN_FAULTS) : detail
  return new RestError(response.status, code, text ?? unexplained(response))
}

function unexplained({ status, headers }: Response): string {
  const location = headers.get('Location')
  return location === null
    ? `the server answered with the status ${status}`
    : `the server redirects to ${location}: name the server there`
}
