import { AppError } from '../../core/errors.ts'
import {
  type Identity,
  principalOfIdentity,
  replaceGroups,
  saveIdentity,
} from '../../database/access/identities.ts'
import {
  findPrincipal,
  findPrincipalNamed,
  insertPrincipal,
  updatePrincipal,
} from '../../database/access/principals.ts'
import type { Transaction } from '../../database/connection.ts'
import { displayNameOf, type Principal, userName } from '../../domain/access/principal.ts'
import type { AccessControl } from '../access/access-control.ts'
import { SYSTEM } from '../access/actor.ts'
import { newId } from './new-id.ts'

/** What an identity provider says of a person. Only issuer and subject say who it is. */
export type Login = Identity & {
  userName: string
  displayName: string
  /** All groups; none where the provider names none. */
  groups: readonly string[]
}

/**
 * Records a login, the first of which creates the user, in one transaction with `also`. Throws `forbidden` for a disabled
 * user.
 */
export async function recordLogin(
  access: AccessControl,
  login: Login,
  also: (transaction: Transaction, user: Principal) => Promise<void> = async () => undefined,
): Promise<Principal> {
  const record = async (transaction: Transaction): Promise<Principal> => {
    const now = access.ctx.now()
    const known = await principalOfIdentity(transaction, login)
    const user =
      known === undefined
        ? await createUser(transaction, login, now)
        : await refreshUser(transaction, known, login, now)
    await saveIdentity(transaction, login, user.id, now.toISOString())
    await replaceGroups(transaction, user.id, login.groups, now.toISOString())
    await also(transaction, user)
    return user
  }
  // The provider decides over groups, even over that of the last admin.
  return access.change(record, { mayLoseAdmin: true })
}

async function createUser(transaction: Transaction, login: Login, now: Date): Promise<Principal> {
  return insertPrincipal(transaction, {
    id: newId(now),
    kind: 'user',
    name: await freeName(transaction, login.userName),
    displayName: displayNameOf(login.displayName),
    scope: undefined,
    ownerId: undefined,
    createdBy: SYSTEM.name,
    createdAt: now.toISOString(),
  })
}

/** Keeps the name, which bindings and records use. */
async function refreshUser(
  transaction: Transaction,
  id: string,
  login: Login,
  now: Date,
): Promise<Principal> {
  const user = await findPrincipal(transaction, id)
  if (!user || user.disabled) {
    throw new AppError('forbidden', 'this account is disabled: ask an administrator to enable it')
  }
  const displayName = displayNameOf(login.displayName)
  if (displayName === user.displayName) return user
  return updatePrincipal(transaction, { ...user, displayName }, now.toISOString())
}

async function freeName(transaction: Transaction, wanted: string): Promise<string> {
  const taken = new Set<string>()
  for (;;) {
    const name = userName(wanted, (text) => taken.has(text))
    if (!(await findPrincipalNamed(transaction, 'user', name))) return name
    taken.add(name)
  }
}
