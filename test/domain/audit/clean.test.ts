import { describe, expect, it } from 'vitest'
import { auditEntry, clean } from '../../../src/domain/audit/clean.ts'
import type { AuditDetails } from '../../../src/domain/audit/entry.ts'

const TOKEN = `pkgsu_${'a1B2c3D4'.repeat(6)}x`
const JWT = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${'s'.repeat(900)}`

describe('a text in a record', () => {
  it('has no characters that break lines, hide text or have no encoding', () => {
    expect(clean('a\r\nb\tc\u0000d\u2028e\u202ef\u007fg')).toBe('a  b c d e f g')
    expect(clean('lone \ud800 surrogate')).toBe('lone \ufffd surrogate')
  })

  it('is short, however long it was, and ends with a whole character', () => {
    const short = clean('x'.repeat(1_000_000)) ?? ''
    expect(short).toHaveLength(256)
    expect(short.endsWith('x…')).toBe(true)
    expect(clean('😀'.repeat(500))?.isWellFormed()).toBe(true)
    expect(clean('x'.repeat(256))).toBe('x'.repeat(256))
  })

  it.each([
    ['a token', `see ${TOKEN} there`, 'see [removed] there'],
    ['a JSON Web Token', `id ${JWT}`, 'id [removed]'],
    ['a header', `Authorization: Bearer ${'z'.repeat(40)}`, 'Authorization: [removed]'],
    ['Basic credentials', 'basic YWRhOnNlY3JldC1wYXNzd29yZA==', '[removed]'],
    ['a password in a URL', 'https://ada:secret@git.example.com/x', 'https://[removed]git.example.com/x'],
  ])('does not have %s', (_, text, expected) => {
    expect(clean(text)).toBe(expected)
  })

  it('does not have the beginning of a token that is cut off', () => {
    for (let before = 180; before < 260; before++) {
      for (const secret of [TOKEN, JWT])
        expect(clean(`${'x'.repeat(before)} ${secret}`)).not.toMatch(/pkgsu_|eyJ/)
    }
  })

  it('is kept if it only looks like one', () => {
    expect(clean('basic checks have passed')).toBe('basic checks have passed')
  })
})

describe('an entry', () => {
  const given = {
    origin: { address: null, userAgent: null, request: null, job: null },
    addressHash: null,
    time: '2026-11-20T10:00:00.000Z',
  }

  it('has only the details that are listed, as plain values', () => {
    const details = {
      bytes: Number.NaN,
      items: 1.5,
      fields: 'a\nb',
      dryRun: true,
      host: undefined,
      token: TOKEN,
    }
    const { details: kept } = auditEntry(
      { type: 'job.started', details: details as AuditDetails },
      { id: null, name: 'anonymous', kind: 'anonymous', via: { kind: 'none' } },
      given,
    )
    expect(kept).toEqual({ bytes: 0, items: 1, fields: 'a b', dryRun: true })
  })

  it('is one of a job where a job did it', () => {
    const principal = { id: 'u-1', name: 'ada', kind: 'user', via: { kind: 'session' } } as const
    const { via } = auditEntry({ type: 'revision.created' }, principal, {
      ...given,
      origin: { ...given.origin, job: '17' },
    })
    expect(via).toMatchObject({ kind: 'job', job: '17' })
  })
})
