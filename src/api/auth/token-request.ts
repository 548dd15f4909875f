/** Requests to the token service: https://distribution.github.io/distribution/spec/auth/oauth/ and …/token/ */
import type { Context } from 'hono'
import { AppError } from '../../core/errors.ts'
import { mediaType } from '../../http/request-body.ts'
import { wholeBody } from '../../http/whole-body.ts'
import type { ResourceActions } from '../../service/access/registry-access.ts'

const MAX_BODY = 64 * 1024
const MAX_SCOPES = 32

/** `repository(plugin):host:5000/name:pull,push`: the class is of no meaning, and a name may have a colon. */
const SCOPE = /^([a-z]+)(?:\([a-z]+\))?:(.+):([a-z*]+(?:,[a-z*]+)*)$/

/**
 * Parses scopes, each of them one or several with blanks between. What this server cannot grant is left out: getting
 * less than was asked for is no error. Throws `invalid` for too many.
 */
export function parseScopes(texts: readonly string[]): ResourceActions[] {
  const scopes = texts.flatMap((text) => text.split(' ')).filter((text) => text !== '')
  if (scopes.length > MAX_SCOPES) {
    throw new AppError('invalid', `${scopes.length} scopes are too many: ask for at most ${MAX_SCOPES}`)
  }
  const byResource = new Map<string, { type: string; name: string; actions: Set<string> }>()
  for (const scope of scopes) {
    const [, type, name, actions] = SCOPE.exec(scope) ?? []
    if (type === undefined || name === undefined || actions === undefined) continue
    const found = byResource.get(`${type}:${name}`) ?? { type, name, actions: new Set() }
    for (const action of actions.split(',')) found.actions.add(action)
    byResource.set(`${type}:${name}`, found)
  }
  return [...byResource.values()].map((each) => ({ ...each, actions: [...each.actions] }))
}

/** Receives a form. Throws `invalid` for another kind of body, and `too_large`. */
export async function receivedForm(c: Context): Promise<URLSearchParams> {
  if (mediaType(c) !== 'application/x-www-form-urlencoded') {
    throw new AppError('invalid', 'the token service takes a form: application/x-www-form-urlencoded')
  }
  const tooLarge = () => new AppError('too_large', `the form has more than ${MAX_BODY} bytes`)
  const bytes = await wholeBody(c, { maxBytes: MAX_BODY, take: () => undefined, tooLarge })
  return new URLSearchParams(bytes.toString())
}
