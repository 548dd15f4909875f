/**
 * Asks the identity provider again about the people whose sessions are in use: for their groups, and whether they may
 * still come in. What that takes is in memory only: after a restart, a session keeps its groups until the next login.
 */
import { isDeepStrictEqual } from 'node:util'
import { recent } from '../../core/recent.ts'
import { findPrincipal } from '../../database/access/principals.ts'
import { findSession } from '../../database/access/sessions.ts'
import type { Session } from '../../domain/access/session.ts'
import type { AccessControl } from '../access/access-control.ts'
import { SYSTEM } from '../access/actor.ts'
import { type Login, recordLogin } from '../accounts/record-login.ts'
import { removeSession } from './end-session.ts'
import { type Identified, LoginEndedError, type Provider } from './provider.ts'

/** In milliseconds. */
const EVERY = 15 * 60_000
/** After a failure. */
const RETRY = 60_000
/** After this, groups are recorded though they are the same: they are not believed for ever. */
const RECORD_EVERY = 24 * 60 * 60_000
const REMEMBERED = 10_000

type Kept = { identified: Identified; next: number }

export class GroupRefresh {
  readonly #access: AccessControl
  readonly #provider: Provider
  readonly #kept = recent<Kept>(REMEMBERED)

  constructor(access: AccessControl, provider: Provider) {
    this.#access = access
    this.#provider = provider
  }

  begin({ id }: Pick<Session, 'id'>, identified: Identified): void {
    this.#kept.set(id, { identified, next: this.#now() + EVERY })
  }

  /** Called with each request of a session, which does not wait for it. */
  readonly noteUse = ({ id }: Pick<Session, 'id'>): void => {
    const kept = this.#kept.get(id)
    const now = this.#now()
    if (!kept?.identified.refreshToken || now < kept.next) return
    kept.next = now + EVERY
    this.#refresh(id, kept).catch((error) => {
      kept.next = now + RETRY
      this.#access.options.report(error)
    })
  }

  /** Forgets a session, and returns the ID token of its login. */
  end({ id }: Pick<Session, 'id'>): string | undefined {
    const kept = this.#kept.get(id)
    this.#kept.delete(id)
    return kept?.identified.idToken
  }

  async #refresh(id: string, kept: Kept): Promise<void> {
    const { db } = this.#access.ctx
    const { login } = kept.identified
    try {
      kept.identified = await this.#provider.refresh(kept.identified)
    } catch (error) {
      if (!(error instanceof LoginEndedError)) throw error
      this.#kept.delete(id)
      return removeSession(this.#access, SYSTEM, { id }, 'the identity provider has ended the login')
    }
    // The groups of this login may be older than those of another one.
    if (kept.identified.login === login) return
    const session = await findSession(db, id)
    if (session) await this.#record(session.principalId, kept.identified.login)
  }

  /** Where nothing has changed, what is known of other callers stays in memory. */
  async #record(principalId: string, login: Login): Promise<void> {
    const access = this.#access
    const user = await findPrincipal(access.ctx.db, principalId)
    const age = this.#now() - Date.parse(user?.groupsAt ?? '')
    const isSame = isDeepStrictEqual(new Set(user?.groups), new Set(login.groups))
    if (!isSame || !(age < RECORD_EVERY)) await recordLogin(access, login)
  }

  #now(): number {
    return this.#access.ctx.now().getTime()
  }
}
