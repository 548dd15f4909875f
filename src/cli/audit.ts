import { json } from 'node:stream/consumers'
import { AppError } from '../core/errors.ts'
import { type ChainHead, parseHead } from '../domain/audit/chain.ts'
import type { AuditReport } from '../service/audit/verify.ts'
import { askServer, type FoundServer } from './ask-server.ts'
import { oneLine } from './printable.ts'

/** Parses heads that were written down. Throws `invalid`. */
export function headsOf(texts: readonly string[]): ChainHead[] {
  return texts.map((text) => {
    const head = parseHead(text)
    if (head) return head
    throw new AppError(
      'invalid',
      `"${text}" is no head of an audit log: write its number and hash, as in 1042:9f86d081…, which has 64 digits`,
    )
  })
}

/** Asks a running server to verify its audit log. Throws `unavailable`. */
export async function verifyAuditByServer(
  server: FoundServer,
  heads: readonly ChainHead[],
): Promise<AuditReport> {
  const response = await askServer(server, '/audit/verifications', { heads })
  return (await json(response)) as AuditReport
}

/** Returns a line for each problem, and a summary. */
export function auditInWords(report: AuditReport): string {
  const { records, first, last, hash, cut, anchors, olderAnchors, problems, milliseconds } = report
  const range = first === null ? '' : `, ${first} to ${last}`
  const found = problems.length === 0 ? 'nothing is changed or missing' : `${problems.length} problems`
  const older = olderAnchors === 0 ? '' : `; ${olderAnchors} are older than the first record`
  return [
    ...problems.map(({ seq, problem }) => oneLine(seq === 0 ? problem : `record ${seq}: ${problem}`)),
    ...(cut > 0 ? [`the records up to ${cut} were cut off`] : []),
    `${anchors} heads that were kept elsewhere agree${older}`,
    `checked ${records} records${range} in ${milliseconds} ms: ${found}`,
    ...(last === null ? [] : [`head ${last}:${hash}`]),
    '',
  ].join('\n')
}
