/**
 * Changes that touch database and registry. Content is pushed first: nobody sees it before a tag points to it. Then
 * one transaction decides, and records with the decision what is to be done with the registry's tags; that is done
 * next, in the order of the decisions, and again after a crash or a failure until it succeeds. So the registry
 * always follows the database, and what was acknowledged is in both.
 */
import { addIntent, pendingIntents, removeIntent, repositoriesWithIntents } from '../database/intents.ts'
import type { Db } from '../database/schema.ts'
import { AppError } from '../errors.ts'
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
  decision: (transaction: Db) => Promise<Decision<T>>,
): Promise<T> {
  const result = await ctx.db.transaction().execute(async (transaction) => {
    const decided = await decision(transaction)
    const operations = JSON.stringify(decided.operations)
    await addIntent(transaction, { ociRepository, operations }, ctx.now().toISOString())
    return decided.result
  })
  try {
    await carryOut(ctx, ociRepository)
  } catch (error) {
    throw new AppError(
      'unavailable',
      `the change is saved, but the registry did not take its tags: ${(error as Error).message}. It is tried again until it succeeds; there is no need to repeat the call.`,
      { cause: error },
    )
  }
  return result
}

/** Does what earlier decisions left to do in an OCI repository. The caller holds the lock. */
export async function carryOut(ctx: ServiceContext, ociRepository: string): Promise<void> {
  const target = ctx.registry.repository(ociRepository)
  for (const intent of await pendingIntents(ctx.db, ociRepository)) {
    const operations: Operation[] = JSON.parse(intent.operations)
    for (const operation of operations) await inRegistry(() => perform(target, operation))
    await removeIntent(ctx.db, intent.id)
  }
}

/** Does what is left to do anywhere: after a crash, and from time to time after a failure. */
export async function carryOutAll(ctx: ServiceContext): Promise<void> {
  for (const ociRepository of await repositoriesWithIntents(ctx.db)) {
    await ctx.locks.run(ociRepository, () => carryOut(ctx, ociRepository))
  }
}

async function perform(target: Repository, operation: Operation): Promise<void> {
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
