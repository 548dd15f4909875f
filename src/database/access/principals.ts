import type { Selectable } from 'kysely'
import type { Principal, PrincipalKind } from '../../domain/access/principal.ts'
import type { Reader, Transaction } from '../connection.ts'
import { nextResourceVersion } from '../counters.ts'
import type { PrincipalsTable } from './tables.ts'

/** A principal as it acts: with the groups that the identity provider said it has. */
export type GroupedPrincipal = Principal & {
  groups: readonly string[]
  /** When it said so; undefined for a principal without logins. */
  groupsAt: string | undefined
}

export async function findPrincipal(db: Reader, id: string): Promise<GroupedPrincipal | undefined> {
  const row = await db.selectFrom('principals').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) return undefined
  const groups = await db
    .selectFrom('principal_groups')
    .select('name')
    .where('principal_id', '=', id)
    .orderBy('name')
    .execute()
  return { ...toPrincipal(row), groups: groups.map(({ name }) => name), groupsAt: row.groups_at ?? undefined }
}

export async function findPrincipalNamed(
  db: Reader,
  kind: PrincipalKind,
  name: string,
): Promise<Principal | undefined> {
  const row = await db
    .selectFrom('principals')
    .selectAll()
    .where('kind', '=', kind)
    .where('name', '=', name)
    .executeTakeFirst()
  return row && toPrincipal(row)
}

/** Resolves to principals after a name, by name. */
export async function listPrincipals(
  db: Reader,
  kind: PrincipalKind,
  page: { after?: string | undefined; limit: number },
): Promise<Principal[]> {
  const rows = await db
    .selectFrom('principals')
    .selectAll()
    .where('kind', '=', kind)
    .$if(page.after !== undefined, (query) => query.where('name', '>', page.after ?? ''))
    .orderBy('name')
    .limit(page.limit)
    .execute()
  return rows.map(toPrincipal)
}

type NewPrincipal = Omit<Principal, 'disabled' | 'updatedAt' | 'resourceVersion'>

export async function insertPrincipal(transaction: Transaction, principal: NewPrincipal): Promise<Principal> {
  const row = await transaction
    .insertInto('principals')
    .values({
      id: principal.id,
      kind: principal.kind,
      name: principal.name,
      display_name: principal.displayName,
      scope: principal.scope ?? null,
      owner_id: principal.ownerId ?? null,
      groups_at: null,
      created_by: principal.createdBy,
      created_at: principal.createdAt,
      updated_at: principal.createdAt,
      resource_version: await nextResourceVersion(transaction),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return toPrincipal(row)
}

export async function updatePrincipal(
  transaction: Transaction,
  { id, displayName, scope, disabled }: Pick<Principal, 'id' | 'displayName' | 'scope' | 'disabled'>,
  now: string,
): Promise<Principal> {
  const row = await transaction
    .updateTable('principals')
    .set({
      display_name: displayName,
      scope: scope ?? null,
      disabled: disabled ? 1 : 0,
      updated_at: now,
      resource_version: await nextResourceVersion(transaction),
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  return toPrincipal(row)
}

/** Deletes a principal with its identities, groups, tokens and bindings. */
export async function deletePrincipal(transaction: Transaction, id: string): Promise<void> {
  await transaction.deleteFrom('principals').where('id', '=', id).execute()
}

function toPrincipal(row: Selectable<PrincipalsTable>): Principal {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    displayName: row.display_name,
    scope: row.scope ?? undefined,
    ownerId: row.owner_id ?? undefined,
    disabled: row.disabled !== 0,
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    resourceVersion: String(row.resource_version),
  }
}
