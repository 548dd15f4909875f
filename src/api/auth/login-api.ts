import { AppError } from '../../core/errors.ts'
import type { FailureLimit } from '../../http/failure-limit.ts'
import type { Gate } from '../../http/gate.ts'
import type { Load } from '../../http/load-shedding.ts'
import type { SessionCookies } from '../../http/session-cookie.ts'
import type { AccessControl } from '../../service/access/access-control.ts'
import type { Logins } from '../../service/login/logins.ts'

/** Dependencies of the routes with which people log in. */
export type LoginApi = {
  access: AccessControl
  /** Undefined without an identity provider. */
  logins: Logins | undefined
  cookies: SessionCookies
  publicUrl: URL
  /** Failed logins, those that the provider refuses, wrong codes that people type, and device logins that are begun. */
  limits: { logins: FailureLimit; answers: FailureLimit; codes: FailureLimit; starts: FailureLimit }
  load: Load
  /** For logins, which wait for the provider. */
  gate: Gate
}

/** Throws `not_available` where no one can log in. */
export async function loginsOf({ access, logins, cookies }: LoginApi): Promise<Logins> {
  if (!logins) {
    throw new AppError(
      'not_available',
      'this server has no identity provider to log in with: use a token, or let an administrator set PKGSERVER_OIDC_ISSUER',
    )
  }
  cookies.check()
  if (!(await access.policy()).open) return logins
  throw new AppError('not_available', 'every caller may do everything here, so there is no login')
}
