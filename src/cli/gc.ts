import { json } from 'node:stream/consumers'
import type { GarbageItem, GarbageReport } from '../service/ports.ts'
import { askServer, type FoundServer } from './ask-server.ts'
import { oneLine } from './printable.ts'

type ItemizedReport = GarbageReport & { items: GarbageItem[] }

/** Asks a running server to collect garbage. Throws `unavailable`. */
export async function collectByServer(
  server: FoundServer,
  options: { dryRun: boolean },
): Promise<ItemizedReport> {
  const response = await askServer(server, '/garbage-collections', options)
  return (await json(response)) as ItemizedReport
}

/** Describes a collection for a person. */
export function inWords({ dryRun, items, ...report }: ItemizedReport): string {
  const total = report.manifests + report.links + report.blobs
  const shown = dryRun ? items.map(lineOf) : []
  if (shown.length > 0 && total > items.length) shown.push(`… and ${total - items.length} more`)
  const did = dryRun ? 'would remove' : 'removed'
  return [
    ...shown,
    ...report.skipped.map(({ repository, reason }) => oneLine(`skipped ${repository}: ${reason}`)),
    `${did} ${report.manifests} manifests, ${report.blobs} blobs (${report.bytes} bytes), ${report.links} links of repositories to blobs, ${report.uploads} uploads, in ${report.milliseconds} ms`,
    ...(report.interrupted ? ['stopped early: another process is collecting garbage in the same store'] : []),
    '',
  ].join('\n')
}

function lineOf(item: GarbageItem): string {
  return item.kind === 'blob'
    ? `blob      ${item.digest}  ${item.size} bytes`
    : `${item.kind.padEnd(8)}  ${item.digest}  ${item.repository}`
}
