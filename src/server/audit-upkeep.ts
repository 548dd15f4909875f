/** What the audit log needs from time to time. */
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { anchorAudit } from '../service/audit/anchors.ts'
import { pruneAudit } from '../service/audit/retention.ts'
import type { ServiceContext } from '../service/context.ts'

/** Milliseconds. A stopping server stores a head in the registry, too. */
const ANCHOR_INTERVAL = 60 * 60 * 1000
/** Refusals of a minute are recorded soon after it. */
const PRUNE_INTERVAL = 60_000

export type AuditUpkeep = { anchor: () => Promise<void>; stop: () => void }

export function keepAudit(
  ctx: ServiceContext,
  { auditRetention, auditAddresses }: Pick<Config, 'auditRetention' | 'auditAddresses'>,
  log: Logger,
): AuditUpkeep {
  const kept = { records: auditRetention, addresses: auditAddresses }
  const prune = () => pruneAudit(ctx, kept).catch((err) => log.error({ err }, 'cannot prune the audit log'))
  const anchor = () =>
    anchorAudit(ctx).catch((err) =>
      log.warn({ err }, 'cannot store the head of the audit log in the registry: the server tries again'),
    )
  const timers = [setInterval(prune, PRUNE_INTERVAL), setInterval(anchor, ANCHOR_INTERVAL)]
  return { anchor, stop: () => timers.forEach(clearInterval) }
}
