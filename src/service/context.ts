import type { KeyedLock } from '../core/keyed-lock.ts'
import type { Reader } from '../database/connection.ts'
import type { GroupCommit } from '../database/group-commit.ts'
import type { ResourceLimits } from '../domain/resources.ts'
import type { Registry } from '../oci/roles.ts'
import type { IntentLog } from './intent-log.ts'
import type { BackupSource, CollectGarbage } from './ports.ts'
import type { Workers } from './threads/thread-pool.ts'

/** What every use case works with. */
export type ServiceContext = Workers & {
  db: Reader
  /** Every write to the database goes through it. */
  commits: GroupCommit
  /** Where artifacts are stored: embedded, remote, or in memory. */
  registry: Registry
  /** Removes from the registry what nothing needs; undefined where the registry is not ours. */
  collect: CollectGarbage | undefined
  /** Where a backup finds everything; undefined where all is in memory. */
  backup: BackupSource | undefined
  /** One change at a time for each package, and for each repository. */
  locks: KeyedLock
  intents: IntentLog
  limits: ResourceLimits
  now: () => Date
  /** Signs continue tokens. */
  tokenKey: Buffer
  /** Is told of failures that no caller hears of. */
  report: (error: unknown) => void
}
