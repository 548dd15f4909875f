import type { Metrics } from '../http/metrics.ts'
import type { GarbageReport } from '../service/ports.ts'

/** Counts the outcome of a garbage collection. */
export async function observeGarbage(
  { garbage }: Metrics,
  collection: Promise<GarbageReport>,
): Promise<GarbageReport> {
  try {
    const report = await collection
    if (report.dryRun) return report
    for (const kind of ['manifests', 'links', 'blobs', 'uploads'] as const)
      garbage.removed.inc({ kind }, report[kind])
    garbage.freedBytes.inc(report.bytes)
    garbage.duration.set(report.milliseconds / 1000)
    garbage.finishedAt.setToCurrentTime()
    garbage.collections.inc({ outcome: report.interrupted ? 'interrupted' : 'completed' })
    return report
  } catch (error) {
    garbage.collections.inc({ outcome: 'failed' })
    throw error
  }
}
