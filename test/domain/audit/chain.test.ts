import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../src/core/sha256.ts'
import { type ChainHead, canonicalJson, GENESIS, link, parseHead } from '../../../src/domain/audit/chain.ts'
import { ChainCheck, principalColumn, type StoredLink } from '../../../src/domain/audit/check-chain.ts'
import { auditEntry } from '../../../src/domain/audit/clean.ts'
import type { AuditEvent } from '../../../src/domain/audit/entry.ts'

const ORIGIN = { address: '192.0.2.7', userAgent: null, request: null, job: null }
const PRINCIPAL = { id: 'u-1', name: 'ada', kind: 'user', via: { kind: 'token', tokenId: 't-1' } } as const

/** Rows as they are stored, one for each event. */
function chainOf(events: AuditEvent[], start: ChainHead = GENESIS): StoredLink[] {
  let head = start
  return events.map((event) => {
    const time = `2026-11-20T10:00:00.${String(head.seq % 1000).padStart(3, '0')}Z`
    const entry = auditEntry(event, PRINCIPAL, { origin: ORIGIN, addressHash: sha256('192.0.2.7'), time })
    const { seq, text, hash } = link(entry, head)
    head = { seq, hash }
    const columns = { time, type: entry.type, principal: principalColumn(entry) }
    return { seq, text, hash, ...columns, repository: entry.target.repository, address: '192.0.2.7' }
  })
}

const EVENTS: AuditEvent[] = Array.from({ length: 5 }, (_, at) => ({
  type: 'revision.edited',
  target: { repository: 'blueprints', package: 'nf/upf', revision: `blueprints.nf.upf.ws${at}` },
}))

function check(rows: StoredLink[], head: ChainHead, anchors: ChainHead[] = []) {
  const chain = new ChainCheck(
    anchors.map((anchor) => ({ ...anchor, from: 'the backup' })),
    sha256,
  )
  for (const row of rows) chain.add(row)
  return chain.end(head)
}

const headOf = (rows: StoredLink[]): ChainHead => rows.at(-1) ?? GENESIS

describe('canonical JSON', () => {
  it('sorts keys at each level and has no blanks', () => {
    const value = { b: [{ d: 1, c: null }], a: { z: true, y: 'ü"\\' } }
    expect(canonicalJson(value)).toBe('{"a":{"y":"ü\\"\\\\","z":true},"b":[{"c":null,"d":1}]}')
  })
})

describe('a head', () => {
  it('is read from its text, and from no other', () => {
    const hash = 'a'.repeat(64)
    expect(parseHead(`17:${hash}`)).toEqual({ seq: 17, hash })
    for (const text of ['17', `17:${hash}0`, `x:${hash}`, `17:${hash.toUpperCase()}`, ''])
      expect(parseHead(text)).toBeUndefined()
  })
})

describe('a chain', () => {
  it('agrees with its head and with heads that were kept', () => {
    const rows = chainOf(EVENTS)
    const kept = rows[2] as StoredLink
    expect(check(rows, headOf(rows), [kept])).toMatchObject({
      records: 5,
      first: 1,
      last: 5,
      cut: 0,
      anchors: 1,
      problems: [],
    })
    expect(check([], GENESIS)).toMatchObject({ records: 0, first: null, problems: [] })
  })

  it('shows a record whose text was changed', () => {
    const rows = chainOf(EVENTS)
    const changed = rows.map((row) =>
      row.seq === 3 ? { ...row, text: row.text.replace('ada', 'eve'), principal: 'u-1' } : row,
    )
    expect(check(changed, headOf(rows)).problems).toEqual([
      { seq: 3, problem: 'it was changed: its content does not have its hash' },
    ])
  })

  it('shows a record that was changed together with its hash', () => {
    const rows = chainOf(EVENTS)
    const changed = rows.map((row) => {
      if (row.seq !== 3) return row
      const text = row.text.replace('ada', 'eve')
      return { ...row, text, hash: sha256(text) }
    })
    expect(check(changed, headOf(rows)).problems).toEqual([
      { seq: 4, problem: 'it does not follow the record before it' },
    ])
  })

  it.each([
    ['time', { time: '2026-11-21T00:00:00.000Z' }],
    ['type', { type: 'revision.created' }],
    ['principal', { principal: 'eve' }],
    ['repository', { repository: null }],
    ['address', { address: '192.0.2.8' }],
  ])('shows a changed %s beside the record', (_, change) => {
    const rows = chainOf(EVENTS)
    const { problems } = check(
      rows.map((row) => (row.seq === 2 ? { ...row, ...change } : row)),
      headOf(rows),
    )
    expect(problems).toEqual([{ seq: 2, problem: expect.stringContaining('changed') }])
  })

  it('shows a removed record, also the first and the last ones', () => {
    const rows = chainOf(EVENTS)
    const without = (...seqs: number[]) =>
      check(
        rows.filter(({ seq }) => !seqs.includes(seq)),
        headOf(rows),
      ).problems
    expect(without(3)).toEqual([{ seq: 4, problem: 'the records before it are missing, from 3 to 3' }])
    expect(without(1, 2)).toEqual([{ seq: 2, problem: expect.stringContaining('no record says') }])
    expect(without(5)).toEqual([{ seq: 5, problem: expect.stringContaining('it is missing') }])
    expect(without(1, 2, 3, 4, 5)).toEqual([{ seq: 5, problem: expect.stringContaining('it is missing') }])
  })

  it('shows by heads kept elsewhere that its end was cut off, or all of it written again', () => {
    const rows = chainOf(EVENTS)
    const short = rows.slice(0, 3)
    expect(check(short, headOf(short), [headOf(rows)]).problems).toEqual([
      { seq: 5, problem: expect.stringContaining('the backup has it') },
    ])
    const again = chainOf([{ type: 'revision.created' }, ...EVENTS.slice(1)])
    expect(check(again, headOf(again), [headOf(rows)]).problems).toEqual([
      { seq: 5, problem: expect.stringContaining('the log was rewritten') },
    ])
  })

  it('may begin where one of its records says that it was cut off', () => {
    const rows = chainOf(EVENTS)
    const through = rows[1] as StoredLink
    const details = { throughSeq: through.seq, throughHash: through.hash }
    const cut = chainOf([{ type: 'audit.cut', details }], headOf(rows))
    const kept = [...rows.slice(2), ...cut]
    expect(check(kept, headOf(kept), [through])).toMatchObject({
      records: 4,
      first: 3,
      cut: 2,
      olderAnchors: 1,
      problems: [],
    })
    const more = kept.slice(1)
    expect(check(more, headOf(more)).problems).toEqual([
      { seq: 3, problem: expect.stringContaining('no record says') },
    ])
  })

  it('shows rows that are not records at all', () => {
    const rows = chainOf(EVENTS)
    for (const text of ['', 'null', '{}', '[1]', '{"actor":1}']) {
      const { problems } = check(
        rows.map((row) => (row.seq === 2 ? { ...row, text } : row)),
        headOf(rows),
      )
      expect(problems).toContainEqual({ seq: 2, problem: 'it cannot be read' })
    }
  })
})
