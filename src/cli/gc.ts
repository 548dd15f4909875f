import type { GarbageReportView } from '../api/rest/schemas/garbage.ts'
import type { Config } from '../config.ts'
import { AppError } from '../errors.ts'

/** Has a running server collect, which alone may touch its data. Throws `unavailable`. */
export async function collectByServer(
  { host, port }: Config['listen'],
  options: { dryRun: boolean },
): Promise<GarbageReportView> {
  const local = host === '' || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  const url = new URL(
    `http://${local.includes(':') ? `[${local}]` : local}:${port}/api/v1/garbage-collections`,
  )
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(options),
    })
    const answer = (await response.json()) as GarbageReportView & { detail?: string }
    if (response.ok) return answer
    throw new AppError('unavailable', `the server at ${url.host} did not collect: ${answer.detail}`)
  } catch (error) {
    if (error instanceof AppError) throw error
    const message = `a server is at work on this data, and does not answer at ${url.host}: say where it is with --listen, as for serve`
    throw new AppError('unavailable', message, { cause: error })
  }
}

/** What a person wants to know of a collection. */
export function inWords({ dryRun, items, ...report }: GarbageReportView): string {
  const total = report.manifests + report.links + report.blobs
  const shown = dryRun ? items.map(lineOf) : []
  if (shown.length > 0 && total > items.length) shown.push(`… and ${total - items.length} more`)
  const did = dryRun ? 'would remove' : 'removed'
  return [
    ...shown,
    ...report.skipped.map(({ repository, reason }) => `skipped ${repository}: ${reason}`),
    `${did} ${report.manifests} manifests, ${report.blobs} blobs (${report.bytes} bytes), ${report.links} links of repositories to blobs, ${report.uploads} uploads, in ${report.milliseconds} ms`,
    ...(report.interrupted ? ['cut short: another process collects in the same store'] : []),
    '',
  ].join('\n')
}

function lineOf(item: GarbageReportView['items'][number]): string {
  return item.kind === 'blob'
    ? `blob      ${item.digest}  ${item.size} bytes`
    : `${item.kind.padEnd(8)}  ${item.digest}  ${item.repository}`
}
