import { auditHead } from '../../../database/audit/append.ts'
import { auditLinks } from '../../../database/audit/read.ts'
import { AUDIT_REPOSITORY } from '../../../domain/tags.ts'
import { ownHeads } from '../../audit/anchors.ts'
import type { ServiceContext } from '../../context.ts'
import { inRegistry } from '../../registry-content.ts'
import type { Difference } from './finding.ts'

/** Compares the last head of the audit log in the registry with the log. `audit verify` checks the rest. */
export async function auditDifferences(ctx: ServiceContext): Promise<Difference[]> {
  const { heads, problem = await problemWith(ctx, heads.at(-1)) } = await inRegistry(() => ownHeads(ctx))
  return problem === undefined ? [] : [{ repository: AUDIT_REPOSITORY, problem, remedy: null, fixed: false }]
}

async function problemWith(
  ctx: ServiceContext,
  last: { seq: number; hash: string } | undefined,
): Promise<string | undefined> {
  if (!last) return undefined
  const { seq } = await auditHead(ctx.db)
  const [row] = await auditLinks(ctx.db, last.seq - 1, 1)
  // A record that was cut off at the front cannot be compared.
  const agrees = row?.seq === last.seq ? row.hash === last.hash : seq >= last.seq
  if (agrees) return undefined
  return `the audit log does not have the record ${last.seq} that the registry knows: run pkgserver audit verify`
}
