/**
 * Changes that touch database and registry. Content is pushed first: nobody sees it before a tag points to it. Then
 * one transaction decides, and records with the decision what is to be done with the registry's tags; that is done
 * next, in the order of the decisions, and again after a crash or a failure until it succeeds. So the registry
 * always follows the database, and what was acknowledged is in both.
 */

import { AppError } from '../core/errors.ts'
import type { Transaction } from '../database/connection.ts'
import { addIntent, pendingIntents, removeIntents, repositoriesWithIntents } from '../database/intents.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { isNotFound } from '../oci/errors.ts'
import type { Repository } from '../oci/roles.ts'
import type { ServiceContext } from './context.ts'
import { inRegistry } from './registry-content.ts'

/** Work in an OCI repository that can be done twice with the same result. */
export type Operation =
  | { do: 'tag'; descriptor: Descriptor; tags: string[] }
  | { do: 'untag'; tags: string[] }
  /** Deletes a manifest and its tags. */
  | { do: 'delete'; descriptor: Descriptor }
  /** Deletes the manifest that a tag points to. */
  | { do: 'delete-tagged'; tag: string }

export type Decision<T> = { result: T; operations: Operation[] }

/** Decides in a transaction and carries the decision out. The caller holds the lock of what it decides about. */
export async function decide<T>(
  ctx: ServiceContext,
  ociRepository: string,
  decision: (transaction: Transaction) => Promise<Decision<T>>,
): Promise<T> {
  const done = [...ctx.intents.done]
  const decided = await ctx.commits.run(async (transaction) => {
    await removeIntents(transaction, done)
    const { result, operations } = await decision(transaction)
    const intent = { ociRepository, operations: JSON.stringify(operations) }
    ctx.intents.note(ociRepository)
    return { id: await addIntent(transaction, intent, ctx.now().toISOString()), result, operations }
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

/** Does what earlier decisions left to do in an OCI repository. The caller holds the lock. */
export async function finishEarlier(ctx: ServiceContext, ociRepository: string): Promise<void> {
  if (!ctx.intents.unfinished.has(ociRepository)) return
  for (const { id, operations } of await pendingIntents(ctx.db, ociRepository)) {
    // What is gone from the registry does not come back: the package must not wait for it.
    if (!ctx.intents.done.has(id)) await perform(ctx, ociRepository, JSON.parse(operations), ctx.report)
    ctx.intents.done.add(id)
  }
  ctx.intents.unfinished.delete(ociRepository)
}

/** Takes up what an earlier process left to do. */
export async function recallIntents(ctx: ServiceContext): Promise<void> {
  for (const ociRepository of await repositoriesWithIntents(ctx.db)) ctx.intents.unfinished.add(ociRepository)
}

/** Does what is left to do anywhere: after a crash, and from time to time after a failure. Reports what fails. */
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
      await inRegistry(() => performOne(target, operation))
    } catch (error) {
      if (!onLost || !isNotFound((error as Error).cause)) throw error
      onLost(error)
    }
  }
}

async function performOne(target: Repository, operation: Operation): Promise<void> {
  switch (operation.do) {
    case 'tag':
      return target.tag(operation.descriptor, ...operation.tags)
    case 'untag':
      for (const tag of operation.tags) await target.untag(tag)
      return
    case 'delete':
      return target.delete(operation.descriptor)
    case 'delete-tagged':
      return deleteTagged(target, operation.tag)
  }
}

async function deleteTagged(target: Repository, tag: string): Promise<void> {
  try {
    await target.delete(await target.resolve(tag))
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}
