import type { LoginApi } from '../api/auth/login-api.ts'
import { secret } from '../database/settings.ts'
import { FailureLimit } from '../http/failure-limit.ts'
import { Gate } from '../http/gate.ts'
import { SessionCookies } from '../http/session-cookie.ts'
import type { AccessControl } from '../service/access/access-control.ts'
import type { Logins } from '../service/login/logins.ts'
import type { Provider } from '../service/login/provider.ts'
import type { Components } from './components.ts'

/** Of logins that wait for the provider, which answers or is given up. */
const AT_A_TIME = { atOnce: 32, queue: 256, wait: 15_000 }

/** Makes what people log in with. */
export async function openLogin(components: Components, publicUrl: URL): Promise<LoginApi> {
  const { ctx, authenticator, provider, load } = components
  const { access } = authenticator
  const { now } = access.ctx
  const key = await ctx.commits.run((transaction) => secret(transaction, 'login'))
  return {
    access,
    logins: provider && (await loginsWith(access, provider, key)),
    cookies: new SessionCookies(publicUrl),
    publicUrl,
    limits: {
      logins: new FailureLimit(now, { what: 'failed logins', remedy: '' }),
      answers: new FailureLimit(now, { what: 'failed logins', remedy: '' }),
      codes: new FailureLimit(now, { what: 'wrong codes', remedy: '' }),
      starts: new FailureLimit(now, { what: 'device logins', remedy: '' }),
    },
    load,
    gate: new Gate(AT_A_TIME),
  }
}

/** Loads the library of the identity provider. */
async function loginsWith(access: AccessControl, provider: Provider, key: Buffer): Promise<Logins> {
  const { Logins } = await import('../service/login/logins.ts')
  return new Logins(access, provider, key)
}
