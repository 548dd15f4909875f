import type { KeyedLock } from '../core/keyed-lock.ts'
import type { Reader, Transaction } from '../database/connection.ts'
import type { GroupCommit } from '../database/group-commit.ts'
import type { Visibility } from '../domain/access/visible-set.ts'
import type { ResourceLimits } from '../domain/resources.ts'
import type { Registry } from '../oci/roles.ts'
import type { Actor } from './access/actor.ts'
import type { Policy } from './access/policy.ts'
import type { IntentLog } from './intent-log.ts'
import type { BackupSource, CollectGarbage } from './ports.ts'
import type { PublishedRepositories } from './published-repositories.ts'
import type { AsyncTasks } from './workers/worker-pool.ts'

/** The dependencies of all use cases. */
export type ServiceContext = AsyncTasks & {
  db: Reader
  /** All writes to the database go through it. */
  commits: GroupCommit
  /** Where artifacts are stored: embedded, remote, or in memory. */
  registry: Registry
  /** Deletes unreferenced content from the registry; undefined for a remote registry. */
  collect: CollectGarbage | undefined
  /** The files that a backup contains; undefined for a server in memory. */
  backup: BackupSource | undefined
  /** One change at a time for each package, and for each repository. */
  locks: KeyedLock
  intents: IntentLog
  limits: ResourceLimits
  /** The published versions of the Glasskube repositories. */
  published: PublishedRepositories
  now: () => Date
  /** Resolves to what an actor sees now. */
  visibilityOf: (actor: Actor) => Promise<Visibility>
  /** Resolves to who may do what now; in a transaction, as that sees it. */
  policyOf: (transaction?: Transaction) => Promise<Policy>
  /** Seals continue tokens. */
  tokenKey: Buffer
  /** Keys the hashes of addresses in the audit log. */
  addressKey: Buffer
  /** Called with errors that no caller sees. */
  report: (error: unknown) => void
}
