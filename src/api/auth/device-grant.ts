/** Where a program that logs in waits for its token. https://www.rfc-editor.org/rfc/rfc8628#section-3.4 */
import type { Context } from 'hono'
import { currentClient } from '../../core/client.ts'
import { AppError } from '../../core/errors.ts'
import { recent } from '../../core/recent.ts'
import type { FailureLimit } from '../../http/failure-limit.ts'
import type { AccessControl } from '../../service/access/access-control.ts'
import { tokenHash } from '../../service/access/token-text.ts'
import { type DeviceAnswer, pollDeviceLogin } from '../../service/login/device-logins.ts'

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/** Seconds between two questions of a program. */
export const DEVICE_INTERVAL = 5
/** Milliseconds by which an answer may have taken longer before. */
const TOLERANCE = 1000
const REMEMBERED = 5000

type Refusal = Extract<DeviceAnswer, { refused: string }>['refused'] | 'fast'

const REFUSALS: Record<Refusal, { error: string; description: string }> = {
  pending: { error: 'authorization_pending', description: 'the person has not decided yet: ask again' },
  fast: { error: 'slow_down', description: `wait ${DEVICE_INTERVAL} seconds more between two questions` },
  denied: { error: 'access_denied', description: 'the person has denied the login' },
  expired: { error: 'expired_token', description: 'the login took longer than ten minutes: begin another' },
  unknown: { error: 'invalid_grant', description: 'there is no such login, or it has its token already' },
}

type Pace = { last: number; interval: number }

/** Answers programs, and how often each of them may ask. */
export class DeviceGrant {
  readonly #access: AccessControl
  readonly #failures: FailureLimit
  readonly #paces = recent<Pace>(REMEMBERED)

  constructor(access: AccessControl, failures: FailureLimit) {
    this.#access = access
    this.#failures = failures
  }

  /** Throws `invalid`, and `throttled` after too many unknown codes. */
  async answer(c: Context, form: URLSearchParams): Promise<Response> {
    const code = form.get('device_code')
    if (!code) throw new AppError('invalid', 'the field device_code is missing')
    const found = this.#isFast(code) ? { refused: 'fast' as const } : await this.#poll(code)
    c.header('Cache-Control', 'no-store')
    if ('refused' in found) {
      if (found.refused === 'unknown') this.#failures.count(currentClient())
      const { error, description } = REFUSALS[found.refused]
      return c.json({ error, error_description: description }, 400)
    }
    const { token, text } = found.issued
    const now = this.#access.ctx.now().getTime()
    return c.json({
      access_token: text,
      token_type: 'Bearer',
      scope: token.permissions.join(' '),
      ...(token.expiresAt !== undefined && {
        expires_in: Math.floor((Date.parse(token.expiresAt) - now) / 1000),
      }),
    })
  }

  async #poll(code: string): Promise<DeviceAnswer> {
    return pollDeviceLogin(this.#access, code)
  }

  /** Each question that comes too early makes the next wait longer. */
  #isFast(code: string): boolean {
    const key = tokenHash(code)
    const now = this.#access.ctx.now().getTime()
    const pace = this.#paces.get(key)
    const fast = pace !== undefined && now - pace.last < pace.interval * 1000 - TOLERANCE
    const interval = (pace?.interval ?? DEVICE_INTERVAL) + (fast ? DEVICE_INTERVAL : 0)
    this.#paces.set(key, { last: now, interval })
    return fast
  }
}
