/** Logins of people with OpenID Connect. */
import { AppError } from '../../core/errors.ts'
import type { AccessControl } from '../access/access-control.ts'
import { type Actor, ANONYMOUS } from '../access/actor.ts'
import { auditRefusal } from '../audit/record.ts'
import { logOut } from './end-session.ts'
import { GroupRefresh } from './group-refresh.ts'
import { PendingLogins } from './pending-login.ts'
import type { Provider } from './provider.ts'
import { type StartedSession, startSession } from './start-session.ts'

export class Logins {
  readonly refresh: GroupRefresh
  readonly #access: AccessControl
  readonly #provider: Provider
  readonly #pending: PendingLogins

  /** `key` seals what browsers keep. */
  constructor(access: AccessControl, provider: Provider, key: Buffer) {
    this.#access = access
    this.#provider = provider
    this.#pending = new PendingLogins(key, access.ctx.now)
    this.refresh = new GroupRefresh(access, provider)
  }

  /** Resolves to where the browser goes, and what it keeps until it comes back to `redirectUri`. Throws `unavailable`. */
  async begin(returnTo: string, redirectUri: URL): Promise<{ url: URL; sealed: string }> {
    const { pending, sealed } = this.#pending.begin(returnTo)
    return { url: await this.#provider.loginUrl(redirectUri, pending), sealed }
  }

  /**
   * Ends a login with the answer of the provider. `previous`: the session that the browser has. `check` is called
   * before the provider is asked, and `refused` if it says no, or nothing valid. Throws `unauthenticated`,
   * `forbidden` for a disabled user, and `unavailable`.
   */
  async finish(
    answer: URL,
    { sealed, previous }: { sealed: string | undefined; previous: string | undefined },
    { check, refused }: { check: () => void; refused: () => void },
  ): Promise<{ started: StartedSession; returnTo: string }> {
    const pending = this.#pending.take(sealed, answer.searchParams.get('state') ?? undefined)
    check()
    const identified = await this.#provider.identify(answer, pending).catch((error) => {
      if (error instanceof AppError && error.code === 'unauthenticated') refused()
      throw error
    })
    const started = await startSession(this.#access, identified.login, previous)
    this.refresh.begin(started.session, identified)
    return { started, returnTo: pending.returnTo }
  }

  /** Records that a login was refused. Repeats within a minute are counted. */
  async recordFailure({ code, message }: AppError): Promise<void> {
    await auditRefusal(this.#access.ctx, ANONYMOUS, { type: 'login.failed', code, reason: message })
  }

  /** Ends a session here. Resolves to where the person can log out of the provider, too. */
  async logOut(actor: Actor, text: string): Promise<URL | undefined> {
    const session = await logOut(this.#access, actor, text)
    return this.#provider.logoutUrl(session && this.refresh.end(session))
  }
}
