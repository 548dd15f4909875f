/** Checks a chain of records, which are given one after the other. */
import { sha256 } from '../../core/sha256.ts'
import { type ChainHead, GENESIS } from './chain.ts'
import type { AuditEntry, AuditType } from './entry.ts'

/** A row: the record as text, and what is stored beside it. */
export type StoredLink = {
  seq: number
  time: string
  type: string
  principal: string
  repository: string | null
  address: string | null
  text: string
  hash: string
}

/** A head that was written down elsewhere, and where. */
export type Anchor = ChainHead & { from: string }

export type ChainProblem = { seq: number; problem: string }

export type ChainReport = {
  records: number
  /** The numbers of the first and the last record; null if there are none. */
  first: number | null
  last: number | null
  hash: string
  /** Records that were cut off at the front, as the chain itself says. */
  cut: number
  /** Heads from elsewhere that agree with the chain. */
  anchors: number
  /** Heads from elsewhere that are older than the first record. */
  olderAnchors: number
  problems: ChainProblem[]
}

/** More than these have one cause. */
const MOST_PROBLEMS = 100

/** Records that say where a chain without its beginning starts. */
const CHECKPOINTS: readonly AuditType[] = ['audit.cut', 'index.rebuilt']

type Parsed = AuditEntry & { seq: number; prevHash: string }

export class ChainCheck {
  readonly #anchors: readonly Anchor[]
  readonly #bySeq: Map<number, Anchor[]>
  readonly #addressHash: (address: string) => string
  readonly #problems: ChainProblem[] = []
  readonly #checkpoints: ChainHead[] = []
  /** What the first record follows. */
  #start: ChainHead | undefined
  #last: ChainHead | undefined
  #records = 0
  #agreeing = 0

  constructor(anchors: readonly Anchor[], addressHash: (address: string) => string) {
    this.#anchors = anchors
    this.#bySeq = Map.groupBy(anchors, ({ seq }) => seq)
    this.#addressHash = addressHash
  }

  add(row: StoredLink): void {
    const { seq, hash, text } = row
    const record = parsed(text)
    if (sha256(text) !== hash) this.#note(seq, 'it was changed: its content does not have its hash')
    if (record === undefined) this.#note(seq, 'it cannot be read')
    else this.#checkColumns(row, record)
    this.#checkPlace(seq, record?.prevHash)
    for (const anchor of this.#bySeq.get(seq) ?? []) {
      if (anchor.hash === hash) this.#agreeing++
      else this.#note(seq, `it has another hash than ${anchor.from}: the log was rewritten`)
    }
    const { throughSeq, throughHash } = record?.details ?? {}
    if (record && CHECKPOINTS.includes(record.type) && typeof throughSeq === 'number')
      this.#checkpoints.push({ seq: throughSeq, hash: String(throughHash) })
    this.#last = { seq, hash }
    this.#records++
  }

  /** `head`: the head that the index states. */
  end(head: ChainHead): ChainReport {
    const start = this.#start ?? GENESIS
    if (!isSame(start, GENESIS) && !this.#checkpoints.some((point) => isSame(point, start)))
      this.#note(start.seq, `the records up to it are missing, and no record says that they were cut off`)
    const last = this.#last ?? GENESIS
    if (!isSame(last, head)) this.#note(head.seq, 'it is the last record of the index, but it is missing')
    for (const { seq, from } of this.#anchors.filter((anchor) => anchor.seq > last.seq))
      this.#note(
        seq,
        `it is missing, but ${from} has it: the end of the log was cut off, or an older state restored`,
      )
    return {
      records: this.#records,
      first: this.#start === undefined ? null : start.seq + 1,
      last: this.#last?.seq ?? null,
      hash: last.hash,
      cut: Math.max(0, start.seq),
      anchors: this.#agreeing,
      olderAnchors: this.#anchors.filter(({ seq }) => seq > 0 && seq <= start.seq).length,
      problems: this.#problems,
    }
  }

  #checkPlace(seq: number, prevHash: string | undefined): void {
    const last = this.#last
    if (!last) this.#start = { seq: seq - 1, hash: prevHash ?? '' }
    else if (seq !== last.seq + 1)
      this.#note(seq, `the records before it are missing, from ${last.seq + 1} to ${seq - 1}`)
    else if (prevHash !== undefined && prevHash !== last.hash)
      this.#note(seq, 'it does not follow the record before it')
  }

  #checkColumns(row: StoredLink, record: Parsed): void {
    const { seq, time, type, principal, repository, address } = row
    const expected = { seq: record.seq, time: record.time, type: record.type }
    const same =
      seq === expected.seq &&
      time === expected.time &&
      type === expected.type &&
      principal === principalColumn(record) &&
      repository === record.target.repository
    if (!same) this.#note(seq, 'it was changed: what lists filter by is not what it says')
    if (address !== null && this.#addressHash(address) !== record.source.addressHash)
      this.#note(seq, 'its address was changed')
  }

  #note(seq: number, problem: string): void {
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push({ seq, problem })
  }
}

/** What lists filter by: the id, or the name of a caller without an account. */
export function principalColumn({ actor }: Pick<AuditEntry, 'actor'>): string {
  return actor.id ?? actor.name
}

function isSame(one: ChainHead, other: ChainHead): boolean {
  return one.seq === other.seq && one.hash === other.hash
}

function parsed(text: string): Parsed | undefined {
  try {
    const record = JSON.parse(text) as Parsed
    return record.actor && record.target && record.source && record.details ? record : undefined
  } catch {
    return undefined
  }
}
