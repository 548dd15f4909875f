/**
 * Changes that touch database and registry. Content is pushed first: it is invisible until a tag points to it. Then one
 * transaction decides, and records as an intent which tags have to move. Intents are carried out in the order of the
 * decisions, and retried after a crash or a failure until they succeed. So the registry always follows the database, and
 * an acknowledged change is in both.
 */

import { AppError } from '../core/errors.ts'
import type { Transaction } from '../database/connection.ts'
import { removeIntents, repositoriesWithIntents } from '../database/intents.ts'
import type { AuditEvent } from '../domain/audit/entry.ts'
import { isNotFound } from '../oci/errors.ts'
import type { Actor } from './access/actor.ts'
import { audit } from './audit/record.ts'
import type { ServiceContext } from './context.ts'
import { addOperations, type Operation, pendingOperations, performOperation } from './operations.ts'
import { inRegistry } from './registry-content.ts'

/** `event`: what the audit log records of it. */
export type Outcome<T> = { result: T; operations: Operation[]; event: AuditEvent }

/** Decides in a transaction, which records who did so, and carries out the decision. The caller holds the lock of the OCI repository. */
export async function decide<T>(
  ctx: ServiceContext,
  actor: Actor,
  ociRepository: string,
  decision: (transaction: Transaction) => Promise<Outcome<T>>,
): Promise<T> {
  const done = [...ctx.intents.done]
  const decided = await ctx.commits.run(async (transaction) => {
    await removeIntents(transaction, done)
    const { result, operations, event } = await decision(transaction)
    await audit(ctx, transaction, actor, event)
    ctx.intents.note(ociRepository)
    return { id: await addOperations(transaction, ociRepository, operations, ctx.now()), result, operations }
  })
  for (const id of done) ctx.intents.done.delete(id)
  try {
    await perform(ctx, ociRepository, decided.operations)
  } catch (error) {
    ctx.intents.unfinished.add(ociRepository)
    throw new AppError(
      'unavailable',
      "The change is saved, but its tags could not be set in the registry: the server's log says why. The server tries again until it succeeds, so do not repeat the change.",
      { cause: error },
    )
  }
  ctx.intents.done.add(decided.id)
  return decided.result
}

/** Carries out the pending intents of an OCI repository. The caller holds its lock. */
export async function finishEarlier(ctx: ServiceContext, ociRepository: string): Promise<void> {
  if (!ctx.intents.unfinished.has(ociRepository)) return
  for (const { id, operations } of await pendingOperations(ctx.db, ociRepository)) {
    // Content that is lost from the registry does not come back: the package must not wait for it.
    if (!ctx.intents.done.has(id)) await perform(ctx, ociRepository, operations, ctx.report)
    ctx.intents.done.add(id)
  }
  ctx.intents.unfinished.delete(ociRepository)
}

/** Loads which OCI repositories have intents that an earlier process left pending. */
export async function recallIntents(ctx: ServiceContext): Promise<void> {
  for (const ociRepository of await repositoriesWithIntents(ctx.db)) ctx.intents.unfinished.add(ociRepository)
}

/** Carries out all pending intents: at the start, and from time to time after a failure. Reports failures. */
export async function finishAll(ctx: ServiceContext): Promise<void> {
  for (const ociRepository of [...ctx.intents.unfinished]) {
    await ctx.locks.run(ociRepository, () => finishEarlier(ctx, ociRepository)).catch(ctx.report)
  }
}

async function perform(
  ctx: ServiceContext,
  ociRepository: string,
  operations: readonly Operation[],
  onLost?: (error: unknown) => void,
): Promise<void> {
  ctx.intents.note(ociRepository)
  try {
    await performAll(ctx, ociRepository, operations, onLost)
  } finally {
    ctx.intents.note(ociRepository)
  }
}

async function performAll(
  ctx: ServiceContext,
  ociRepository: string,
  operations: readonly Operation[],
  onLost?: (error: unknown) => void,
): Promise<void> {
  const target = ctx.registry.repository(ociRepository)
  for (const operation of operations) {
    try {
      await inRegistry(() => performOperation(target, operation))
    } catch (error) {
      if (!onLost || !isNotFound((error as Error).cause)) throw error
      onLost(error)
    }
  }
}
