import { AppError } from '../../../core/errors.ts'
import { auditHead } from '../../../database/audit/append.ts'
import { auditLinks } from '../../../database/audit/read.ts'
import { AUDIT_REPOSITORY } from '../../../domain/tags.ts'
import { readHeads } from '../../audit/anchors.ts'
import type { ServiceContext } from '../../context.ts'
import type { Difference } from './finding.ts'

/** Compares the last head of the audit log in the registry with the log. `audit verify` checks the rest. */
export async function auditDifferences(ctx: ServiceContext): Promise<Difference[]> {
  const problem = await problemOf(ctx)
  if (problem === undefined) return []
  return [{ repository: AUDIT_REPOSITORY, problem, remedy: null, fixed: false }]
}

async function problemOf(ctx: ServiceContext): Promise<string | undefined> {
  try {
    const last = (await readHeads(ctx.registry)).at(-1)
    if (!last) return undefined
    const { seq } = await auditHead(ctx.db)
    const [row] = await auditLinks(ctx.db, last.seq - 1, 1)
    if (row?.seq === last.seq && row.hash === last.hash) return undefined
    // A head that was cut off cannot be compared.
    if (seq >= last.seq && row?.seq !== last.seq) return undefined
    return `the audit log does not have the record ${last.seq} that the registry knows: run pkgserver audit verify`
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return `the heads of the audit log cannot be read: ${error.message}`
  }
}
