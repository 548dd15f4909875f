import { json } from 'node:stream/consumers'
import type { VerificationReport } from '../service/maintenance/verify/verify.ts'
import { askServer, type FoundServer } from './ask-server.ts'
import { oneLine } from './printable.ts'

/** Asks a running server to verify its data. Throws `unavailable`. */
export async function verifyByServer(
  server: FoundServer,
  options: { fix: boolean },
): Promise<VerificationReport> {
  const response = await askServer(server, '/verifications', options)
  return (await json(response)) as VerificationReport
}

/** Returns a line for each difference, and a summary. */
export function verificationInWords(report: VerificationReport): string {
  const { packages, revisions, blobs, differences, milliseconds } = report
  const lines = differences.map(({ repository, problem, remedy, fixed }) => {
    const outcome = fixed
      ? `repaired: ${remedy}`
      : remedy
        ? `--fix will ${remedy}`
        : 'cannot be repaired automatically'
    return oneLine(`${repository}: ${problem}; ${outcome}`)
  })
  const open = differences.filter(({ fixed }) => !fixed).length
  const found =
    differences.length === 0 ? 'no differences' : `${differences.length} differences, ${open} of them open`
  return [
    ...lines,
    `checked ${packages} packages, ${revisions} revisions and ${blobs} blobs in ${milliseconds} ms: ${found}`,
    '',
  ].join('\n')
}
