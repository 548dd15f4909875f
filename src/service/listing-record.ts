import { type PackedRecord, packRecord } from '../artifact/record.ts'
import { isPlain, type Listing } from '../domain/glasskube/listing.ts'
import { LISTING_RECORD_TAG } from '../domain/tags.ts'
import type { Operation } from './operations.ts'

/** The record of a listing; without one where there is nothing to record. */
export function listingRecord(listing: Listing): {
  packed: PackedRecord | undefined
  operations: Operation[]
} {
  if (isPlain(listing))
    return { packed: undefined, operations: [{ do: 'untag', tags: [LISTING_RECORD_TAG] }] }
  const packed = packRecord('listing', listing)
  const { descriptor } = packed.manifest
  return { packed, operations: [{ do: 'tag', descriptor, tags: [LISTING_RECORD_TAG] }] }
}
