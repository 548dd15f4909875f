import { z } from 'zod'
import { AppError } from '../../core/errors.ts'
import type { Binding, Subject } from '../../domain/access/binding.ts'
import { parsePattern } from '../../domain/access/pattern.ts'
import { ROLES } from '../../domain/access/role.ts'
import type { Reader, Transaction } from '../connection.ts'
import { raiseAccessVersion } from '../counters.ts'
import { parseStored } from '../stored-json.ts'
import { patternsSchema } from './tokens.ts'

const roleSchema = z.enum(ROLES)

export async function findBinding(db: Reader, id: string): Promise<Binding | undefined> {
  const row = await bindingRows(db).where('bindings.id', '=', id).executeTakeFirst()
  return row && toBinding(row)
}

/** Resolves to all bindings, oldest first. */
export async function allBindings(db: Reader): Promise<Binding[]> {
  return (await bindingRows(db).orderBy('bindings.id').execute()).map(toBinding)
}

/** Resolves to bindings after an id, oldest first. */
export async function listBindings(
  db: Reader,
  page: { after?: string | undefined; limit: number },
): Promise<Binding[]> {
  const rows = await bindingRows(db)
    .$if(page.after !== undefined, (query) => query.where('bindings.id', '>', page.after ?? ''))
    .orderBy('bindings.id')
    .limit(page.limit)
    .execute()
  return rows.map(toBinding)
}

export async function insertBinding(transaction: Transaction, binding: Binding): Promise<void> {
  const { subject } = binding
  await transaction
    .insertInto('bindings')
    .values({
      id: binding.id,
      subject_kind: subject.kind,
      principal_id: binding.principalId ?? null,
      group_name: subject.kind === 'group' ? subject.name : null,
      role: binding.role,
      repositories: JSON.stringify(binding.repositories),
      created_by: binding.createdBy,
      created_at: binding.createdAt,
    })
    .execute()
}

export async function deleteBinding(transaction: Transaction, id: string): Promise<void> {
  await transaction.deleteFrom('bindings').where('id', '=', id).execute()
}

/**
 * Takes away what bindings give in a repository by its exact name; those that give nothing else are deleted. Resolves to
 * these bindings, with what they still give.
 */
export async function dropBindingsOf(transaction: Transaction, repository: string): Promise<Binding[]> {
  const dropped: Binding[] = []
  for (const binding of await allBindings(transaction)) {
    const { id } = binding
    const left = binding.repositories.filter((text) => !isExactly(text, repository))
    if (left.length === binding.repositories.length) continue
    dropped.push({ ...binding, repositories: left })
    if (left.length === 0) await deleteBinding(transaction, id)
    else {
      const changed = { repositories: JSON.stringify(left) }
      await transaction.updateTable('bindings').set(changed).where('id', '=', id).execute()
    }
  }
  if (dropped.length > 0) await raiseAccessVersion(transaction)
  return dropped
}

function isExactly(text: string, repository: string): boolean {
  const pattern = parsePattern(text)
  return !pattern.prefix && pattern.repository === repository
}

/**
 * Whether a principal that can come in has the role `admin`, by itself or by a group: a user, who logs in, or a service
 * account with a token for that.
 */
export async function hasServerAdmin(db: Reader, now: string): Promise<boolean> {
  const own = await db
    .selectFrom('bindings')
    .innerJoin('principals', 'principals.id', 'bindings.principal_id')
    .select('principals.id')
    .where('bindings.role', '=', 'admin')
    .where('principals.disabled', '=', 0)
    .where(({ eb, or, exists, selectFrom }) =>
      or([
        eb('principals.kind', '=', 'user'),
        exists(
          selectFrom('tokens')
            .select('tokens.id')
            .whereRef('tokens.principal_id', '=', 'principals.id')
            .where('tokens.revoked_at', 'is', null)
            .where((token) => token.or([token('expires_at', 'is', null), token('expires_at', '>', now)]))
            // JSON lists of texts, of which none is part of another with its quotes.
            .where('tokens.permissions', 'like', '%"server.admin"%')
            .where('tokens.repositories', 'like', '%"*"%'),
        ),
      ]),
    )
    .limit(1)
    .executeTakeFirst()
  if (own) return true
  const byGroup = await db
    .selectFrom('bindings')
    .innerJoin('principal_groups', 'principal_groups.name', 'bindings.group_name')
    .innerJoin('principals', 'principals.id', 'principal_groups.principal_id')
    .select('principals.id')
    .where('bindings.role', '=', 'admin')
    .where('principals.disabled', '=', 0)
    .limit(1)
    .executeTakeFirst()
  return byGroup !== undefined
}

function bindingRows(db: Reader) {
  return db
    .selectFrom('bindings')
    .leftJoin('principals', 'principals.id', 'bindings.principal_id')
    .selectAll('bindings')
    .select('principals.name as principal_name')
}

type BindingRow = Awaited<ReturnType<ReturnType<typeof bindingRows>['executeTakeFirstOrThrow']>>

function toBinding(row: BindingRow): Binding {
  const role = roleSchema.safeParse(row.role)
  if (!role.success)
    throw new AppError('internal', `the index is damaged: the role of the binding ${row.id} cannot be read`)
  return {
    id: row.id,
    subject: toSubject(row),
    principalId: row.principal_id ?? undefined,
    role: role.data,
    repositories: parseStored(patternsSchema, row.repositories, `the binding ${row.id}`),
    createdBy: row.created_by,
    createdAt: row.created_at,
  }
}

function toSubject({ subject_kind: kind, principal_name, group_name }: BindingRow): Subject {
  if (kind === 'authenticated' || kind === 'anonymous') return { kind }
  return { kind, name: (kind === 'group' ? group_name : principal_name) ?? '' }
}
