/** The rights of all callers: keeps the policy in memory, and changes it. */

import { AppError } from '../../core/errors.ts'
import { recent } from '../../core/recent.ts'
import { allBindings, hasServerAdmin } from '../../database/access/bindings.ts'
import type { Reader, Transaction } from '../../database/connection.ts'
import { accessVersion, raiseAccessVersion } from '../../database/counters.ts'
import { allReviewPolicies } from '../../database/review/policies.ts'
import { type Grant, grantsOfRole } from '../../domain/access/grant.ts'
import type { ServiceContext } from '../context.ts'
import { type Policy, subjectKey } from './policy.ts'
import { RootTokens } from './root-tokens.ts'

export type AccessOptions = {
  /** `open`: every caller may do everything. `open-at-first`: until there is a first account or binding. */
  mode: 'open' | 'open-at-first' | 'required'
  /** Groups whose members are admins of the server without a binding. */
  adminGroups: readonly string[]
  /** Whether the settings have the token of an admin. */
  hasAdminToken?: boolean
  rootTokens?: RootTokens
  /** Called with each policy before it holds. */
  onPolicy?: (policy: Policy) => void
  /** How long groups are believed after a login, in milliseconds: a leaver's tokens lose what they gave. */
  groupsMaxAge: number
  /** Called with errors that no caller sees. */
  report: (error: unknown) => void
}

const REMEMBERED_CALLERS = 10_000

export class AccessControl {
  readonly ctx: Pick<ServiceContext, 'db' | 'commits' | 'now' | 'addressKey'>
  readonly options: AccessOptions
  readonly rootTokens: RootTokens
  #policy: Promise<Policy> | undefined
  /** The last policy that was read outside of a change. */
  #known: Policy | undefined

  constructor(ctx: AccessControl['ctx'], options: AccessOptions) {
    this.ctx = ctx
    this.options = options
    this.rootTokens = options.rootTokens ?? new RootTokens()
  }

  /** Resolves to the policy as of all changes that have returned. Throws `unavailable` where it cannot be read. */
  policy(): Promise<Policy> {
    if (this.#policy) return this.#policy
    const loading = loadPolicy(this.ctx.db, this.options, this.ctx.now()).then(
      (policy) => {
        this.#known = policy
        // Not one that a change has made old meanwhile.
        if (this.#policy === loading) this.options.onPolicy?.(policy)
        return policy
      },
      (cause) => {
        this.options.report(cause)
        throw new AppError(
          'unavailable',
          'the server cannot read who may do what, so it refuses: try again',
          {
            cause,
          },
        )
      },
    )
    this.#policy = loading
    loading.catch(() => {
      // The next caller tries again.
      if (this.#policy === loading) this.#policy = undefined
    })
    return loading
  }

  /** Resolves to the policy as a transaction sees it. Costs one look-up while nothing has changed. */
  async policyIn(transaction: Transaction): Promise<Policy> {
    const known = this.#known
    if (known?.version === (await accessVersion(transaction))) return known
    return loadPolicy(transaction, this.options, this.ctx.now())
  }

  /**
   * Runs a change of accounts, tokens or bindings in a transaction, with the policy before it. Throws `conflict` if the
   * server would lose its last admin, unless `mayLoseAdmin`. With `dryRun`, all is undone in the end.
   */
  async change<T>(
    work: (transaction: Transaction, policy: Policy) => Promise<T>,
    { mayLoseAdmin = false, dryRun = false } = {},
  ): Promise<T> {
    try {
      return await this.ctx.commits.run(async (transaction) => {
        const policy = await loadPolicy(transaction, this.options, this.ctx.now())
        const result = await work(transaction, policy)
        if (!mayLoseAdmin && policy.hasAdmin && !(await hasAdmin(transaction, this.options, this.ctx.now())))
          throw lastAdmin()
        await raiseAccessVersion(transaction)
        if (dryRun) throw new Undone(result)
        return result
      })
    } catch (error) {
      if (error instanceof Undone) return error.result as T
      throw error
    } finally {
      // After a failed commit, too: what is on the disk then is unknown.
      this.#policy = undefined
      // What follows from the change, such as the mode of the server, does not wait for the next caller.
      this.policy().catch(() => undefined)
    }
  }

  /** Runs work whose transactions change bindings by themselves. */
  async changing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } finally {
      this.#policy = undefined
    }
  }
}

/** Rolls back a transaction that was only tried. */
class Undone extends Error {
  readonly result: unknown

  constructor(result: unknown) {
    super('the change was only tried')
    this.result = result
  }
}

/** Whether there is an admin who can come in. */
async function hasAdmin(db: Reader, options: AccessOptions, now: Date): Promise<boolean> {
  const bySettings = options.adminGroups.length > 0 || options.hasAdminToken === true
  return bySettings || (await hasServerAdmin(db, now.toISOString()))
}

function lastAdmin(): AppError {
  return new AppError(
    'conflict',
    'the server would be left without an admin: bind the role admin to another user, group or service account first',
  )
}

async function loadPolicy(db: Reader, options: AccessOptions, now: Date): Promise<Policy> {
  const { mode, adminGroups, groupsMaxAge } = options
  // Read first: with changes of other processes in between, it is too old rather than too new.
  const version = await accessVersion(db)
  const grants = new Map<string, Grant[]>()
  for (const binding of await allBindings(db)) {
    const key = subjectKey(binding)
    const ofSubject = grants.get(key) ?? []
    ofSubject.push(...grantsOfRole(binding.role, binding.repositories, binding.id))
    grants.set(key, ofSubject)
  }
  return {
    version,
    open: mode === 'open' || (mode === 'open-at-first' && version === 0),
    hasAdmin: await hasAdmin(db, options, now),
    grants,
    adminGroups,
    groupsMaxAge,
    reviewPolicies: await allReviewPolicies(db),
    rights: new WeakMap(),
    callers: recent(REMEMBERED_CALLERS),
  }
}
