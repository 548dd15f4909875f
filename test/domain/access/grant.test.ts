import { describe, expect, it } from 'vitest'
import {
  findGrant,
  type Grant,
  grantsOfRole,
  limited,
  missingToGive,
} from '../../../src/domain/access/grant.ts'
import { parsePattern, patternOf, patternText } from '../../../src/domain/access/pattern.ts'
import {
  DEFAULT_TOKEN_PERMISSIONS,
  type Permission,
  REPOSITORY_PERMISSIONS,
  SERVER_PERMISSIONS,
  withRead,
} from '../../../src/domain/access/permission.ts'
import { isServerRole, permissionsOf, ROLES } from '../../../src/domain/access/role.ts'

const limits = (permissions: readonly Permission[], ...repositories: string[]) => ({
  permissions: new Set(permissions),
  repositories: repositories.map(parsePattern),
})

const shown = (grants: readonly Grant[]) =>
  grants.map(({ permissions, area }) => [
    area === 'server' ? area : patternText(area),
    [...permissions].join(' '),
  ])

describe('the roles', () => {
  it('have these permissions', () => {
    expect(Object.fromEntries(ROLES.map((role) => [role, permissionsOf(role).join(' ')]))).toEqual({
      reader: 'read',
      author: 'read draft.read draft propose',
      reviewer: 'read draft.read review',
      publisher: 'read draft.read publish attach push',
      maintainer: 'read draft.read draft propose review publish attach push delete',
      'repository-admin': REPOSITORY_PERMISSIONS.join(' '),
      auditor: 'server.audit',
      operator: 'server.operate',
      admin: [...SERVER_PERMISSIONS, ...REPOSITORY_PERMISSIONS].join(' '),
    })
    expect(ROLES.filter(isServerRole)).toEqual(['auditor', 'operator', 'admin'])
  })

  it('of a repository give nothing of the server, and the other way round', () => {
    const upf = patternOf({ repository: 'team-a', package: 'nf/upf' })
    for (const role of ROLES) {
      const grants = grantsOfRole(role, ['*'], 'x')
      for (const permission of SERVER_PERMISSIONS) {
        expect(findGrant(grants, permission, 'server') !== undefined).toBe(
          permissionsOf(role).includes(permission),
        )
        expect(findGrant(grants, permission, upf)).toBeUndefined()
      }
      for (const permission of REPOSITORY_PERMISSIONS) {
        expect(findGrant(grants, permission, 'server')).toBeUndefined()
        expect(findGrant(grants, permission, upf) !== undefined).toBe(
          permissionsOf(role).includes(permission),
        )
      }
      expect(findGrant(grants, 'tokens', 'server')).toBeUndefined()
    }
  })
})

describe('a grant', () => {
  it('is found only where it covers all of what is asked for', () => {
    const grants = grantsOfRole('author', ['team-*', 'shared/nf/**'], 'b1')
    const found = (text: string) => findGrant(grants, 'draft', parsePattern(text))?.via
    expect(found('team-a')).toBe('b1')
    expect(found('team-a/nf/**')).toBe('b1')
    expect(found('shared/nf/upf/**')).toBe('b1')
    for (const other of ['*', 'team*', 'shared', 'shared/nfx/**', 'shared*/nf/**', 'tea']) {
      expect(found(other), other).toBeUndefined()
    }
  })

  it('is limited by a token to the permissions and the repositories of both', () => {
    const grants = grantsOfRole('author', ['team-*', 'shared'], 'b1')
    expect(shown(limited(grants, limits(['read', 'push'], 'team-a/nf/**', '*')))).toEqual([
      ['team-a/nf/**', 'read'],
      ['team-*', 'read'],
      ['shared', 'read'],
    ])
    expect(limited(grants, limits(['push'], '*'))).toEqual([])
    expect(limited(grants, limits(['read'], 'other*'))).toEqual([])
    expect(limited(grants, limits(['read']))).toEqual([])
  })

  it('of the server is not in a token that is limited to repositories', () => {
    const grants = grantsOfRole('admin', [], 'b1')
    const all = [...SERVER_PERMISSIONS, 'read'] as const
    expect(shown(limited(grants, limits(all, 'a*')))).toEqual([['a*', 'read']])
    expect(shown(limited(grants, limits(all, 'a*', '*')))[0]).toEqual([
      'server',
      SERVER_PERMISSIONS.join(' '),
    ])
    expect(shown(limited(grants, limits(['read', 'server.audit'], '*')))).toEqual([
      ['server', 'server.audit'],
      ['*', 'read'],
    ])
  })
})

describe('the escalation rule', () => {
  const missing = (holder: readonly Grant[], role: (typeof ROLES)[number], ...repositories: string[]) =>
    missingToGive(holder, grantsOfRole(role, repositories, ''))?.permission

  it('lets a caller give what it has, there and further below', () => {
    const holder = grantsOfRole('repository-admin', ['team-*'], 'b1')
    expect(missing(holder, 'repository-admin', 'team-*')).toBeUndefined()
    expect(missing(holder, 'reader', 'team-a', 'team-b*/nf/**')).toBeUndefined()
  })

  it('refuses a wider pattern, another permission, and roles of the server', () => {
    const holder = grantsOfRole('repository-admin', ['team-*'], 'b1')
    expect(missing(holder, 'reader', 'team*')).toBe('read')
    expect(missing(holder, 'reader', 'team-a', 'other')).toBe('read')
    expect(missing(holder, 'admin')).toBe('server.audit')
    expect(missing(holder, 'operator')).toBe('server.operate')
    const publisher = grantsOfRole('publisher', ['*'], 'b2')
    expect(missing(publisher, 'author', 'a')).toBe('draft')
    expect(missing([], 'reader', 'a')).toBe('read')
  })

  it('lets an admin of the server give everything', () => {
    const holder = grantsOfRole('admin', [], 'b1')
    for (const role of ROLES) expect(missing(holder, role, '*')).toBeUndefined()
  })
})

describe('the permissions of a token', () => {
  it('are usually all but those to grant rights and to approve', () => {
    expect(DEFAULT_TOKEN_PERMISSIONS.join(' ')).toBe(
      'read draft.read draft propose publish attach push delete server.audit server.operate',
    )
  })

  it('include reading where they are of use in repositories', () => {
    expect(withRead(['push'])).toEqual(['read', 'push'])
    expect(withRead(['read'])).toEqual(['read'])
    expect(withRead(['propose'])).toEqual(['read', 'draft.read', 'propose'])
    expect(withRead(['server.audit', 'tokens'])).toEqual(['server.audit', 'tokens'])
  })
})
