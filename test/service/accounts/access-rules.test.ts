import { describe, expect, it } from 'vitest'
import type { AccessRules } from '../../../src/domain/access/access-rules.ts'
import { PERMISSIONS } from '../../../src/domain/access/permission.ts'
import { SYSTEM } from '../../../src/service/access/actor.ts'
import { authenticateToken } from '../../../src/service/access/authenticate.ts'
import { accessRules, replaceAccessRules } from '../../../src/service/accounts/access-rules.ts'
import { accounts } from '../../support/access.ts'

const DO = { dryRun: false }
const TRY = { dryRun: true }

const FLUX = { name: 'flux', displayName: 'Flux', scope: 'team-*', disabled: false }
const CI = { name: 'ci', displayName: '', scope: '*', disabled: true }

function bindingOf(name: string): AccessRules['bindings'][number] {
  return { subject: { kind: 'serviceaccount', name }, role: 'reader', repositories: ['team-*'] }
}

const GROUP = {
  subject: { kind: 'group', name: 'corp:dev' },
  role: 'author',
  repositories: ['a', 'b/x/**'],
} as const
const NO_FEDERATION = { issuers: [], trusts: [] }
const EMPTY = { serviceAccounts: [], bindings: [], reviewPolicies: [], ...NO_FEDERATION }
const RULES: AccessRules = {
  ...EMPTY,
  serviceAccounts: [CI, FLUX],
  bindings: [{ ...GROUP, repositories: [...GROUP.repositories] }, bindingOf('flux')],
}

const GITHUB = {
  name: 'github',
  issuer: 'https://token.actions.githubusercontent.com',
  kind: 'github' as const,
  internal: false,
}
const TRUST: AccessRules['trusts'][number] = {
  serviceAccount: 'ci',
  issuer: 'github',
  audiences: [],
  claims: { environment: ['prod'], repository_id: ['74'] },
}

describe('rules of access as a whole', () => {
  it('replace issuers and trusts, each with a record', async () => {
    const { access, ctx } = await accounts()
    const rules = { ...RULES, issuers: [GITHUB], trusts: [TRUST] }
    const first = await replaceAccessRules(access, SYSTEM, rules, DO)
    const trust = { serviceAccount: 'ci', issuer: 'github', claims: TRUST.claims }
    expect(first).toContainEqual({ change: 'created', issuer: 'github' })
    expect(first).toContainEqual({ change: 'created', trust })
    const exported = await accessRules(access, SYSTEM)
    expect(exported).toMatchObject({ issuers: [GITHUB], trusts: [{ ...TRUST, repositories: ['*'] }] })
    expect(await replaceAccessRules(access, SYSTEM, exported, DO)).toEqual([])
    expect(await replaceAccessRules(access, SYSTEM, rules, DO)).toEqual([])

    // A trust that the new kind of the issuer forbids goes first.
    const gitlab = { ...GITHUB, issuer: 'https://gitlab.com', kind: 'gitlab' as const }
    const changed = await replaceAccessRules(access, SYSTEM, { ...RULES, issuers: [gitlab] }, DO)
    expect(changed).toEqual([
      { change: 'deleted', trust },
      { change: 'updated', issuer: 'github' },
    ])
    expect(await replaceAccessRules(access, SYSTEM, RULES, DO)).toEqual([
      { change: 'deleted', issuer: 'github' },
    ])
    const records = await ctx.db.selectFrom('audit').select('type').orderBy('seq').execute()
    const federation = records.map(({ type }) => type).filter((type) => /^(?:issuer|trust)\./.test(type))
    expect(federation).toEqual([
      'issuer.created',
      'trust.created',
      'trust.deleted',
      'issuer.updated',
      'issuer.deleted',
    ])
  })

  it('replace what is there, and are what is exported then', async () => {
    const { access } = await accounts()
    const first = await replaceAccessRules(access, SYSTEM, RULES, DO)
    expect(first).toEqual([
      { change: 'created', serviceAccount: 'ci' },
      { change: 'created', serviceAccount: 'flux' },
      { change: 'created', binding: RULES.bindings[0] },
      { change: 'created', binding: RULES.bindings[1] },
    ])
    expect(await accessRules(access, SYSTEM)).toEqual({ ...RULES, reviewPolicies: [] })
    expect(await replaceAccessRules(access, SYSTEM, RULES, DO)).toEqual([])
    const next = { ...EMPTY, serviceAccounts: [{ ...FLUX, scope: '*' }], bindings: [bindingOf('flux')] }
    expect(await replaceAccessRules(access, SYSTEM, next, DO)).toEqual([
      { change: 'updated', serviceAccount: 'flux' },
      { change: 'deleted', serviceAccount: 'ci' },
      { change: 'deleted', binding: RULES.bindings[0] },
    ])
    expect(await accessRules(access, SYSTEM)).toEqual({ ...next, reviewPolicies: [] })
  })

  it('keep accounts that stay, with their tokens, and end those of others', async () => {
    const { access, account, withToken } = await accounts()
    const kept = await withToken(SYSTEM, { owner: await account('flux') })
    const gone = await withToken(SYSTEM, { owner: await account('other') })
    await replaceAccessRules(access, SYSTEM, RULES, DO)
    expect(await authenticateToken(access, kept.text, undefined)).toHaveProperty('actor')
    expect(await authenticateToken(access, gone.text, undefined)).toEqual({ refused: 'unknown' })
  })

  it('change nothing when they are only tried, and say what they would change', async () => {
    const { access } = await accounts()
    const tried = await replaceAccessRules(access, SYSTEM, RULES, TRY)
    expect(tried).toHaveLength(4)
    expect(await accessRules(access, SYSTEM)).toEqual(EMPTY)
    expect(await replaceAccessRules(access, SYSTEM, RULES, DO)).toEqual(tried)
  })

  it.each<[string, Partial<AccessRules>, string]>([
    [
      'an unknown user',
      { bindings: [{ ...bindingOf('x'), subject: { kind: 'user', name: 'x' } }] },
      'not_found',
    ],
    ['an account that is not in them', { bindings: [bindingOf('gone')] }, 'not_found'],
    ['a wrong pattern', { bindings: [{ ...bindingOf('flux'), repositories: ['a*b'] }] }, 'invalid'],
    ['a wrong scope', { serviceAccounts: [{ ...FLUX, scope: '**' }] }, 'invalid'],
    ['a wrong name', { serviceAccounts: [{ ...FLUX, name: 'Flux!' }] }, 'invalid'],
    ['an account twice', { serviceAccounts: [FLUX, FLUX] }, 'invalid'],
    ['a binding twice', { bindings: [bindingOf('flux'), bindingOf('flux')] }, 'invalid'],
    ['an issuer twice', { issuers: [GITHUB, GITHUB] }, 'invalid'],
    ['a trust twice', { issuers: [GITHUB], trusts: [TRUST, TRUST] }, 'invalid'],
    ['a trust in an issuer that is not in them', { trusts: [TRUST] }, 'not_found'],
    [
      'a trust of no account',
      { issuers: [GITHUB], trusts: [{ ...TRUST, serviceAccount: 'x' }] },
      'not_found',
    ],
    ['a trust that is too wide', { issuers: [GITHUB], trusts: [{ ...TRUST, claims: {} }] }, 'invalid'],
  ])('are refused as a whole with %s', async (_, wrong, code) => {
    const { access } = await accounts()
    const rules = { ...EMPTY, serviceAccounts: [FLUX, CI], bindings: [bindingOf('ci')], ...wrong }
    await expect(replaceAccessRules(access, SYSTEM, rules, DO)).rejects.toMatchObject({ code })
    expect(await accessRules(access, SYSTEM)).toEqual(EMPTY)
  })

  it('leave an admin', async () => {
    const { access, bind, user } = await accounts()
    await user('ada')
    await bind({ kind: 'user', name: 'ada' }, 'admin')
    for (const options of [TRY, DO]) {
      await expect(replaceAccessRules(access, SYSTEM, RULES, options)).rejects.toMatchObject({
        code: 'conflict',
      })
    }
  })

  it('are only for those who may do everything', async () => {
    const { access, bind, user, withToken } = await accounts()
    const ada = await user('ada')
    await bind({ kind: 'user', name: 'ada' }, 'admin')
    const limited = await withToken(ada, { permissions: ['server.admin', 'server.audit'] })
    const inTeam = await withToken(ada, { permissions: PERMISSIONS, repositories: ['team-*'] })
    const eve = await user('eve')
    await bind({ kind: 'user', name: 'eve' }, 'repository-admin', '*')
    for (const actor of [limited.bearer, inTeam.bearer, eve]) {
      await expect(replaceAccessRules(access, actor, RULES, TRY)).rejects.toMatchObject({ code: 'forbidden' })
    }
    await expect(accessRules(access, eve)).rejects.toMatchObject({ code: 'forbidden' })
    expect((await accessRules(access, limited.bearer)).bindings).toHaveLength(2)
  })
})
