import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { DeviceLogin } from '../../domain/access/device-login.ts'
import { PERMISSIONS } from '../../domain/access/permission.ts'
import type { Reader, Transaction } from '../connection.ts'
import { parseStored } from '../stored-json.ts'
import type { DeviceLoginsTable } from './tables.ts'

const permissionsSchema = z.array(z.enum(PERMISSIONS))

export async function findDeviceLogin(
  db: Reader,
  by: { hash: string } | { userCode: string },
): Promise<DeviceLogin | undefined> {
  const query = db.selectFrom('device_logins').selectAll()
  const row = await ('hash' in by
    ? query.where('hash', '=', by.hash)
    : query.where('user_code', '=', by.userCode)
  ).executeTakeFirst()
  return row && toDeviceLogin(row)
}

export async function countDeviceLogins(db: Reader): Promise<number> {
  const { count } = await db
    .selectFrom('device_logins')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

export async function insertDeviceLogin(
  transaction: Transaction,
  login: Omit<DeviceLogin, 'state' | 'principalId'>,
  hash: string,
): Promise<void> {
  await transaction
    .insertInto('device_logins')
    .values({
      id: login.id,
      hash,
      user_code: login.userCode,
      client: login.client,
      address: login.address ?? null,
      permissions: JSON.stringify(login.permissions),
      created_at: login.createdAt,
      expires_at: login.expiresAt,
      state: 'pending',
      principal_id: null,
    })
    .execute()
}

/** `principalId`: the user who approves it; undefined where it is denied. */
export async function decideDeviceLogin(
  transaction: Transaction,
  id: string,
  principalId: string | undefined,
): Promise<void> {
  await transaction
    .updateTable('device_logins')
    .set({ state: principalId === undefined ? 'denied' : 'approved', principal_id: principalId ?? null })
    .where('id', '=', id)
    .execute()
}

export async function deleteDeviceLogin(transaction: Transaction, id: string): Promise<void> {
  await transaction.deleteFrom('device_logins').where('id', '=', id).execute()
}

export async function deleteDeviceLoginsBefore(transaction: Transaction, expired: string): Promise<void> {
  await transaction.deleteFrom('device_logins').where('expires_at', '<=', expired).execute()
}

function toDeviceLogin(row: Selectable<DeviceLoginsTable>): DeviceLogin {
  return {
    id: row.id,
    userCode: row.user_code,
    client: row.client,
    address: row.address ?? undefined,
    permissions: parseStored(permissionsSchema, row.permissions, `the device login ${row.id}`),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    state: row.state,
    principalId: row.principal_id ?? undefined,
  }
}
