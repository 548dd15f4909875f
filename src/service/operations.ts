import { z } from 'zod'
import type { Reader, Transaction } from '../database/connection.ts'
import { addIntent, pendingIntents } from '../database/intents.ts'
import { parseStored } from '../database/stored-json.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { isNotFound } from '../oci/errors.ts'
import type { Repository } from '../oci/roles.ts'

/** Idempotent work in an OCI repository. */
export type Operation =
  | { do: 'tag'; descriptor: Descriptor; tags: string[] }
  | { do: 'untag'; tags: string[] }
  /** Deletes a manifest and its tags. */
  | { do: 'delete'; descriptor: Descriptor }
  /** Deletes the manifest that a tag points to. */
  | { do: 'delete-tagged'; tag: string }

const descriptor = z.looseObject({ mediaType: z.string(), digest: z.string(), size: z.int().min(0) })
const tags = z.array(z.string())

const operationsSchema: z.ZodType<Operation[]> = z.array(
  z.discriminatedUnion('do', [
    z.object({ do: z.literal('tag'), descriptor, tags }),
    z.object({ do: z.literal('untag'), tags }),
    z.object({ do: z.literal('delete'), descriptor }),
    z.object({ do: z.literal('delete-tagged'), tag: z.string() }),
  ]),
)

/** Records operations as an intent, in the transaction that decides them. Resolves to the intent's id. */
export async function addOperations(
  transaction: Transaction,
  ociRepository: string,
  operations: readonly Operation[],
  now: Date,
): Promise<number> {
  const intent = { ociRepository, operations: JSON.stringify(operations) }
  return addIntent(transaction, intent, now.toISOString())
}

/** The recorded intents of an OCI repository, oldest first. */
export async function pendingOperations(
  db: Reader,
  ociRepository: string,
): Promise<{ id: number; operations: Operation[] }[]> {
  const intents = await pendingIntents(db, ociRepository)
  return intents.map(({ id, operations }) => ({
    id,
    operations: parseStored(operationsSchema, operations, `intent ${id}`),
  }))
}

export async function performOperation(target: Repository, operation: Operation): Promise<void> {
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
