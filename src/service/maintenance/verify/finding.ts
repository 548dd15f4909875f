import type { Blob } from '../../../artifact/layer.ts'
import type { PackedRecord } from '../../../artifact/record.ts'
import type { Db } from '../../../database/schema.ts'
import type { Operation } from '../../operations.ts'

/** Something in which index and registry do not agree, or that cannot be read back. */
export type Difference = {
  /** The OCI repository in which it is. */
  repository: string
  problem: string
  /** What repairs it; null where only a person can. */
  remedy: string | null
  fixed: boolean
}

/** A difference, and the steps that repair it; all of those of an OCI repository are one decision. */
export type Finding = {
  problem: string
  remedy: string | null
  push?: readonly (PackedRecord | Blob)[]
  change?: (transaction: Db) => Promise<void>
  operations?: readonly Operation[]
}
