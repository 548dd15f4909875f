import type { Blob } from '../../../artifact/layer.ts'
import type { PackedRecord } from '../../../artifact/record.ts'
import type { Transaction } from '../../../database/connection.ts'
import type { Operation } from '../../operations.ts'

/** A disagreement of index and registry, or content that cannot be read back. */
export type Difference = {
  /** The OCI repository. */
  repository: string
  problem: string
  /** The repair; null where only a person can repair it. */
  remedy: string | null
  fixed: boolean
}

/** A difference with the steps of its repair; the repairs of an OCI repository are decided together. */
export type Finding = {
  problem: string
  remedy: string | null
  push?: readonly (PackedRecord | Blob)[]
  change?: (transaction: Transaction) => Promise<void>
  operations?: readonly Operation[]
}
