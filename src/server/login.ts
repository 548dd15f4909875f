import type { LoginApi } from '../api/auth/login-api.ts'
import { secret } from '../database/settings.ts'
import { FailureLimit } from '../http/failure-limit.ts'
import { SessionCookies } from '../http/session-cookie.ts'
import { Logins } from '../service/login/logins.ts'
import type { Components } from './components.ts'

/** Makes what people log in with. */
export async function openLogin(components: Components, publicUrl: URL): Promise<LoginApi> {
  const { ctx, authenticator, provider, load } = components
  const { access, failures } = authenticator
  const { now } = access.ctx
  const context = { access, auditing: { now, addressKey: ctx.addressKey } }
  const key = await ctx.commits.run((transaction) => secret(transaction, 'login'))
  return {
    context,
    logins: provider && new Logins(context, provider, key),
    cookies: new SessionCookies(publicUrl),
    publicUrl,
    failures,
    starts: new FailureLimit(now),
    load,
  }
}
