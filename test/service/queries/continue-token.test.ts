import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { readToken, writeToken } from '../../../src/service/queries/continue-token.ts'

const key = randomBytes(32)
const query = { list: 'packagerevisions', for: 'reader' }

it('14. a continue token tells nothing of the row where a page ended, which may be a hidden one', () => {
  const cursor = { value: '2026-01-01T00:00:00.000Z', name: 'secret-team.plans.v1' }
  const token = writeToken(key, query, cursor)
  const bytes = Buffer.from(token, 'base64url').toString('latin1')
  expect(bytes).not.toContain('secret')
  expect(bytes).not.toContain('2026')
  expect(readToken(key, query, token)).toEqual(cursor)
})

it('refuses a continue token that was changed, cut, or made with another key or for another list', () => {
  const token = writeToken(key, query, 'here')
  const changed = Buffer.from(token, 'base64url')
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
  const others = [
    changed.toString('base64url'),
    token.slice(0, 30),
    token.slice(4),
    `${token}=`,
    `${token}!`,
    '',
    'x',
  ]
  for (const other of others) {
    expect(() => readToken(key, query, other)).toThrow('not from this server')
  }
  expect(() => readToken(randomBytes(32), query, token)).toThrow('not from this server')
  expect(() => readToken(key, { ...query, for: 'other' }, token)).toThrow('other parameters')
})
