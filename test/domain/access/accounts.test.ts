import { describe, expect, it } from 'vitest'
import { checkBinding, type Subject } from '../../../src/domain/access/binding.ts'
import { actorName, displayNameOf, userName } from '../../../src/domain/access/principal.ts'
import type { Role } from '../../../src/domain/access/role.ts'
import { checkToken, isWithin, limitsOf, tokenProblem } from '../../../src/domain/access/token.ts'

describe('a binding', () => {
  const check = (subject: Subject, role: Role, ...repositories: string[]) =>
    checkBinding({ subject, role, repositories })
  const ann: Subject = { kind: 'user', name: 'ann' }

  it('is possible for all kinds of subjects', () => {
    check(ann, 'author', 'team-*', 'a/nf/**')
    check({ kind: 'group', name: 'corp:release managers, all' }, 'admin')
    check({ kind: 'serviceaccount', name: 'ci' }, 'publisher', '*')
    check({ kind: 'anonymous' }, 'reader', 'public')
    check({ kind: 'authenticated' }, 'reader', '*')
  })

  it('gives callers without an account, and all accounts, nothing but reading', () => {
    for (const kind of ['anonymous', 'authenticated'] as const) {
      expect(() => check({ kind }, 'author', '*')).toThrow(/can only have the role reader: bind author/)
      expect(() => check({ kind }, 'admin')).toThrow(/can only have the role reader/)
    }
  })

  it('needs patterns, unless its role is one of the server', () => {
    expect(() => check(ann, 'reader')).toThrow(/needs 1 to 50 patterns of repositories/)
    expect(() => check(ann, 'reader', ...Array(101).fill('a'))).toThrow(/needs 1 to 50 patterns/)
    expect(() => check(ann, 'operator', '*')).toThrow(/for the whole server: leave the repositories out/)
    expect(() => check(ann, 'reader', 'a', 'b.c')).toThrow(/"b.c" is no pattern/)
    expect(() => check({ kind: 'group', name: '' }, 'reader', 'a')).toThrow(/name of a group must have/)
  })
})

describe('the name of a user', () => {
  const free = () => false

  it('is made from what the identity provider says', () => {
    expect(userName('Ann.Lee@example.com', free)).toBe('ann.lee@example.com')
    expect(userName('ann lee', free)).toBe('ann-lee')
    expect(userName('', free)).toBe('user')
    expect(userName('§$', free)).toBe('user')
    expect(userName('x'.repeat(1000), free)).toHaveLength(100)
  })

  it('has a number if another user has it', () => {
    const taken = ['ann', 'ann-2']
    expect(userName('ANN', (name) => taken.includes(name))).toBe('ann-3')
  })

  it('is never that of a service account or of the server', () => {
    const account = actorName({ kind: 'serviceaccount', name: 'ci' })
    for (const wanted of [
      account,
      'system:masters',
      'SYSTEM',
      'anonymous',
      'Anonymous',
      'pkgserver',
      'ａｎｏｎｙｍｏｕｓ',
    ]) {
      const name = userName(wanted, free)
      expect(name).not.toContain(':')
      expect(['system', 'anonymous', 'pkgserver', account]).not.toContain(name)
    }
    expect(actorName({ kind: 'user', name: 'ci' })).toBe('ci')
  })

  it('does not look like that of another user in other letters', () => {
    expect(userName('\u0430nn', free)).toBe('nn')
    expect(displayNameOf('Ann\u202e\u0000 Lee\n')).toBe('Ann Lee')
  })
})

describe('a token', () => {
  const NOW = '2026-01-02T00:00:00.000Z'
  const problem = (revokedAt: string | undefined, expiresAt: string | undefined) =>
    tokenProblem({ revokedAt, expiresAt }, NOW)

  it('is valid until it expires or is revoked', () => {
    expect(problem(undefined, undefined)).toBeUndefined()
    expect(problem(undefined, '2026-01-02T00:00:00.001Z')).toBeUndefined()
    expect(problem(undefined, NOW)).toBe('expired')
    expect(problem('2026-01-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z')).toBe('revoked')
  })

  it('is refused without a name, permissions or repositories', () => {
    const good = { name: 'ci', permissions: ['read'], repositories: ['*'] }
    checkToken(good)
    expect(() => checkToken({ ...good, name: ' ' })).toThrow(/name of a token/)
    expect(() => checkToken({ ...good, permissions: [] })).toThrow(/needs a permission/)
    expect(() => checkToken({ ...good, permissions: ['read', 'write'] })).toThrow(/"write" is no permission/)
    expect(() => checkToken({ ...good, repositories: [] })).toThrow(/needs 1 to 50 patterns/)
    expect(() => checkToken({ ...good, repositories: ['A'] })).toThrow(/is no pattern/)
  })

  it('is within another if it allows no more', () => {
    const outer = limitsOf({ permissions: ['read', 'push'], repositories: ['a*', 'b'] })
    const inside = (permissions: ('read' | 'push' | 'delete')[], ...repositories: string[]) =>
      isWithin(limitsOf({ permissions, repositories }), outer)
    expect(inside(['read'], 'ab', 'b/nf/**')).toBe(true)
    expect(inside(['read', 'delete'], 'ab')).toBe(false)
    expect(inside(['read'], 'ab', '*')).toBe(false)
  })
})
