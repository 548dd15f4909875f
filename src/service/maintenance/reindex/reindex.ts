/**
 * Builds an index from the registry alone. Lost is what only the index had: jobs, webhooks, accounts and
 * rights, review policies, votes and authors, the numbers of resourceVersions, and the secret of continue tokens.
 */

import { mapConcurrently } from '../../../core/concurrency.ts'
import { AppError } from '../../../core/errors.ts'
import { continueAudit } from '../../../database/audit/append.ts'
import { forgetChanges } from '../../../database/change-log.ts'
import type { Transaction } from '../../../database/connection.ts'
import { startResourceVersions } from '../../../database/counters.ts'
import { insertPackage } from '../../../database/maintenance/rebuild.ts'
import type { Index } from '../../../database/open.ts'
import { repositoryExists, saveRepository } from '../../../database/repositories/repositories.ts'
import { secret } from '../../../database/settings.ts'
import { GENESIS } from '../../../domain/audit/chain.ts'
import { isLabel, ociRepository } from '../../../domain/names.ts'
import { DEFAULT_LIMITS } from '../../../domain/resources.ts'
import { AUDIT_REPOSITORY, AUDIT_TAG, REPOSITORY_RECORD_TAG } from '../../../domain/tags.ts'
import type { OciError } from '../../../oci/errors.ts'
import type { Registry } from '../../../oci/roles.ts'
import { readHeads } from '../../audit/anchors.ts'
import { ADDRESS_KEY, audit, SERVER } from '../../audit/record.ts'
import { addOperations } from '../../operations.ts'
import { inRegistry, listRepositories, REQUESTS_AT_ONCE } from '../../registry-content.ts'
import { IN_THIS_THREAD } from '../../workers/worker-pool.ts'
import { fillContents } from '../fill-contents.ts'
import { type RebuiltPackage, rebuildPackage } from './rebuild-package.ts'
import { readStoredPackage, reasonOf } from './stored-package.ts'

export type ReindexReport = {
  repositories: number
  packages: number
  revisions: number
  /** Content under tags of pkgserver that could not be used, or was repaired. */
  notes: { repository: string; message: string }[]
  milliseconds: number
}

/** `db` and `commits` are those of an empty index. */
export type ReindexOptions = Pick<Index, 'db' | 'commits'> & {
  registry: Registry
  now: () => Date
  /** The OCI repositories to read; by default all of the registry. */
  names?: readonly string[] | undefined
  /** The highest resourceVersion that the lost index is known to have given out. */
  above?: number
}

/** Packages in one transaction. */
const BATCH = 64

/** Throws `unavailable` where the registry fails, and `not_available` where it does not list its repositories. */
export async function reindex(options: ReindexOptions): Promise<ReindexReport> {
  const { registry, db, commits, now } = options
  const began = performance.now()
  // Above all that the lost index has given out: it counted up from such a number, or from 0.
  const above = Math.max(now().getTime() * 1000, options.above ?? 0)
  await commits.run((transaction) => startResourceVersions(transaction, above))
  const names = options.names ? withParents(options.names) : await listRepositories(registry, notListed)
  const report: ReindexReport = { repositories: 0, packages: 0, revisions: 0, notes: [], milliseconds: 0 }
  await mapConcurrently(
    names.filter(isLabel),
    (name) => restoreRepository(options, name, report),
    REQUESTS_AT_ONCE,
  )
  const packages = names.filter((name) => name.includes('/'))
  for (let at = 0; at < packages.length; at += BATCH) {
    const batch = packages.slice(at, at + BATCH)
    const rebuilt = await mapConcurrently(batch, (name) => readPackage(registry, name), REQUESTS_AT_ONCE)
    await commits.run((transaction) => writePackages(transaction, rebuilt, report, now))
  }
  await fillContents(
    { db, registry, limits: DEFAULT_LIMITS },
    {
      inspect: IN_THIS_THREAD.tasks.inspect,
      write: (work) => commits.run(work),
      failed: (revision, error) => {
        const message = `the content of ${revision.name} cannot be searched: ${(error as Error).message}`
        report.notes.push({ repository: ociRepository(revision), message })
      },
    },
  )
  await commits.run(forgetChanges)
  await continueLog(options, report)
  report.milliseconds = Math.round(performance.now() - began)
  return report
}

/** The records of the audit log are lost with the index, but the chain goes on from the last one that the registry knows. */
async function continueLog({ registry, commits, now }: ReindexOptions, report: ReindexReport): Promise<void> {
  const { heads, problem } = await inRegistry(() =>
    readHeads(registry).then(
      (found) => ({ heads: found, problem: undefined }),
      (error) => ({ heads: [], problem: reasonOf(error) }),
    ),
  )
  if (problem !== undefined) note(report, AUDIT_REPOSITORY, [{ tag: AUDIT_TAG, reason: problem }])
  const last = heads.at(-1)
  const head = last ?? GENESIS
  await commits.run(async (transaction) => {
    if (last) await continueAudit(transaction, last)
    const addressKey = await secret(transaction, ADDRESS_KEY)
    const { revisions } = report
    const details = { throughSeq: head.seq, throughHash: head.hash, revisions }
    await audit({ now, addressKey }, transaction, SERVER, { type: 'index.rebuilt', details })
  })
}

function notListed(refusal: OciError): never {
  throw new AppError(
    'not_available',
    `${refusal.message}. Name the OCI repositories to read: the path of each package, like blueprints/nf/upf.`,
    { cause: refusal },
  )
}

/** The names with the repository of each package, whose record is in an OCI repository of its own. */
function withParents(names: readonly string[]): string[] {
  return [...new Set(names.flatMap((name) => [name.split('/')[0] ?? '', name]))].sort()
}

async function restoreRepository(
  { registry, commits }: ReindexOptions,
  name: string,
  report: ReindexReport,
): Promise<void> {
  const stored = await inRegistry(() => readStoredPackage(name, registry.repository(name)))
  note(report, name, stored.problems)
  const record = stored.records.get(REPOSITORY_RECORD_TAG)
  if (record?.kind !== 'repository') return
  if (record.data.name !== name) {
    note(report, name, [{ tag: REPOSITORY_RECORD_TAG, reason: `it is the record of ${record.data.name}` }])
    return
  }
  const { data } = record
  await commits.run((transaction) => saveRepository(transaction, data))
  report.repositories++
}

type ReadPackage = { name: string; rebuilt: RebuiltPackage | undefined; problems: RebuiltPackage['problems'] }

async function readPackage(registry: Registry, name: string): Promise<ReadPackage> {
  const stored = await inRegistry(() => readStoredPackage(name, registry.repository(name)))
  const problems = [...stored.problems]
  return { name, rebuilt: rebuildPackage(stored, problems), problems }
}

async function writePackages(
  transaction: Transaction,
  packages: readonly ReadPackage[],
  report: ReindexReport,
  now: () => Date,
): Promise<void> {
  for (const { name, rebuilt, problems } of packages) {
    if (!rebuilt) {
      // Below other repositories, tags like `v1` are for content of others.
      const [repository = ''] = name.split('/')
      if (await repositoryExists(transaction, repository)) note(report, name, problems)
      continue
    }
    const { id, revisions, operations } = rebuilt
    // Anyone may push below a repository that does not exist. What a deleted one has used up has no revisions.
    if (revisions.length > 0 && !(await repositoryExists(transaction, id.repository))) {
      const message = `its ${revisions.length} revisions are ignored, as there is no record of the repository ${id.repository}. If they are yours, create the repository, stop the server, and run pkgserver reindex --force.`
      report.notes.push({ repository: name, message })
      continue
    }
    await insertPackage(transaction, rebuilt)
    note(report, name, problems)
    if (operations.length > 0) {
      await addOperations(transaction, name, operations, now())
      const message = 'a change was interrupted; the server finishes it when it starts'
      report.notes.push({ repository: name, message })
    }
    report.packages++
    report.revisions += revisions.length
  }
}

function note(
  report: ReindexReport,
  repository: string,
  problems: readonly { tag: string; reason: string }[],
): void {
  for (const { tag, reason } of problems) {
    report.notes.push({ repository, message: `the tag ${tag} is ignored: ${reason}` })
  }
}
