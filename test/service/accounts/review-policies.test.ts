import { describe, expect, it } from 'vitest'
import { insertReviewPolicy } from '../../../src/database/review/policies.ts'
import { PERMISSIONS } from '../../../src/domain/access/permission.ts'
import { type Actor, ANONYMOUS, SYSTEM } from '../../../src/service/access/actor.ts'
import { accessRules, replaceAccessRules } from '../../../src/service/accounts/access-rules.ts'
import {
  createReviewPolicy,
  deleteReviewPolicy,
  getReviewPolicy,
  listReviewPolicies,
  type NewReviewPolicy,
  replaceReviewPolicy,
} from '../../../src/service/accounts/review-policies.ts'
import { createRepository } from '../../../src/service/repositories/create-repository.ts'
import { deleteRepository } from '../../../src/service/repositories/delete-repository.ts'
import { updateRepository } from '../../../src/service/repositories/update-repository.ts'
import { accounts } from '../../support/access.ts'
import { exported } from '../../support/audit.ts'
import { type Reviews, reviews } from '../../support/reviews.ts'

const FORBIDDEN = { code: 'forbidden' }

const listed = async (at: Reviews, actor: Actor) =>
  (await listReviewPolicies(at.ctx, at.access, actor, { limit: 100 })).items

describe('review policies', () => {
  it('are made by those who administer all of their repositories', async () => {
    const at = await reviews()
    const [own, maintainer] = [await at.person('own', 'repository-admin'), await at.person('mai')]
    const make = (actor: Actor, more: Partial<NewReviewPolicy> = {}) =>
      createReviewPolicy(at.access, actor, { ...at.rules(), floor: undefined, ...more })
    await expect(make(maintainer)).rejects.toMatchObject(FORBIDDEN)
    await expect(make(own, { repositories: ['blueprints', 'other'] })).rejects.toMatchObject(FORBIDDEN)
    await expect(make(own, { floor: true })).rejects.toMatchObject(FORBIDDEN)
    const usual = await at.withToken(own)
    await expect(make(usual.bearer), 'tokens need the permission').rejects.toMatchObject(FORBIDDEN)
    expect(await make(own)).toMatchObject({ floor: false, createdBy: 'own' })
    await expect(make(own)).rejects.toMatchObject({ code: 'already_exists' })
    const explicit = await at.withToken(own, { permissions: ['admin'] })
    expect(
      await make(explicit.bearer, { name: 'by-token', repositories: ['blueprints/nf/**'] }),
    ).toMatchObject({ name: 'by-token' })
  })

  it('of admins of the server cannot be changed by administrators of repositories', async () => {
    const at = await reviews()
    const own = await at.person('own', 'repository-admin')
    const floor = await createReviewPolicy(at.access, at.admin, {
      ...at.rules({ repositories: ['blueprints'] }),
      floor: undefined,
    })
    expect(floor.floor).toBe(true)
    const weaker = { ...at.rules({ excludeAuthors: false }), floor: undefined }
    await expect(replaceReviewPolicy(at.access, own, weaker, 'any')).rejects.toMatchObject(FORBIDDEN)
    await expect(
      replaceReviewPolicy(at.access, own, { ...weaker, floor: false }, 'any'),
    ).rejects.toMatchObject(FORBIDDEN)
    await expect(deleteReviewPolicy(at.access, own, 'votes', 'any')).rejects.toMatchObject(FORBIDDEN)
    const extra = { ...at.rules({ name: 'extra', approvals: 2 }), floor: undefined }
    await createReviewPolicy(at.access, own, extra)
    await expect(
      replaceReviewPolicy(at.access, own, { ...extra, repositories: ['*'] }, 'any'),
    ).rejects.toMatchObject(FORBIDDEN)
    await deleteReviewPolicy(at.access, own, 'extra', 'any')
    expect(await listed(at, own)).toMatchObject([{ name: 'votes', excludeAuthors: true }])
  })

  it('of the server keep others from publishing by a source', async () => {
    const at = await reviews()
    const own = await at.person('own')
    await at.bind({ kind: 'user', name: 'own' }, 'repository-admin', 'mirror')
    await at.policy({ repositories: ['mirror/nf/**'], floor: true })
    const place = { format: 'oci', url: 'oci://registry.invalid/x' } as const
    const source = { ...place, packages: null, prereleases: false, interval: '0' }
    const input = {
      name: 'mirror',
      type: 'catalog',
      format: 'krm',
      description: '',
      labels: {},
      source,
    } as const
    const parts = { discovery: at.parts.discovery, ownAddress: 'localhost:8080' }
    await expect(createRepository(at.ctx, parts, own, input)).rejects.toMatchObject(FORBIDDEN)
    await createRepository(at.ctx, parts, at.admin, input)
    // Other packages of the source may be those of anyone.
    const filtered = (actor: Actor, packages: string[] | null) =>
      updateRepository(at.ctx, actor, 'mirror', { source: { packages } }, 'any')
    await filtered(at.admin, ['nf/**'])
    await expect(filtered(own, null)).rejects.toMatchObject(FORBIDDEN)
    expect(await updateRepository(at.ctx, own, 'mirror', { description: 'ours' }, 'any')).toMatchObject({
      source: { packages: ['nf/**'] },
    })
    await expect(deleteRepository(at.ctx, at.access, own, 'mirror', 'any')).rejects.toMatchObject(FORBIDDEN)
    await deleteRepository(at.ctx, at.access, at.admin, 'mirror', 'any')
  })

  it('are hidden from those who administer nothing of what they name', async () => {
    const at = await reviews()
    const [own, rea] = [await at.person('own', 'repository-admin'), await at.person('rea', 'reader')]
    await at.policy({ name: 'all', repositories: ['*'] })
    await at.policy({ name: 'secret', repositories: ['blueprints', 'secret-team'] })
    expect((await listed(at, own)).map(({ name }) => name)).toEqual(['all'])
    expect(await listed(at, rea)).toEqual([])
    await expect(getReviewPolicy(at.access, own, 'secret')).rejects.toMatchObject({ code: 'not_found' })
    await expect(deleteReviewPolicy(at.access, own, 'secret', 'any')).rejects.toMatchObject({
      code: 'not_found',
    })
    await at.bind({ kind: 'user', name: 'rea' }, 'auditor')
    expect(await listed(at, rea)).toHaveLength(2)
  })

  it('of repositories leave room for those of the server', async () => {
    const at = await reviews()
    const own = await at.person('own', 'repository-admin')
    const stamp = { createdBy: 'own', createdAt: at.ctx.now().toISOString() }
    await at.access.change(async (transaction) => {
      for (let count = 1; count <= 400; count++)
        await insertReviewPolicy(transaction, at.rules({ name: `own-${count}` }), stamp)
    })
    await expect(createReviewPolicy(at.access, own, at.rules({ name: 'more' }))).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('more than 400 review policies'),
    })
    expect(await createReviewPolicy(at.access, at.admin, at.rules({ name: 'floor' }))).toBeDefined()
  })

  it('are recorded with all that they say, so that it is seen what a change has weakened', async () => {
    const at = await reviews()
    await at.policy({ groups: [{ group: 'security', count: 1 }] })
    await at.changePolicy({ excludeAuthors: false, humansOnly: false, bypass: { role: 'author' } })
    const records = (await exported(at.adminClient)).filter(({ type }) => type.startsWith('review_policy'))
    const fields = records.map(({ details }) => JSON.parse(details.fields))
    expect(fields).toMatchObject([
      { excludeAuthors: true, humansOnly: true, groups: [{ group: 'security' }] },
      { excludeAuthors: false, humansOnly: false, bypass: { role: 'author' }, groups: [] },
    ])
  })

  it('have an ETag, and their changes are recorded', async () => {
    const at = await reviews()
    const { adminClient: client } = at
    const made = await client.call('POST', '/reviewpolicies', {
      name: 'votes',
      repositories: ['*'],
      approvals: 2,
    })
    expect(made).toMatchObject({
      status: 201,
      body: { floor: true, excludeAuthors: true, humansOnly: true, rejectionBlocks: true },
    })
    expect(made.headers.get('Location')).toBe('/api/v1/reviewpolicies/votes')
    const etag = made.headers.get('ETag') ?? ''
    const known = await client.call('GET', '/reviewpolicies/votes', undefined, { 'If-None-Match': etag })
    expect(known.status).toBe(304)
    const content = { repositories: ['blueprints'], approvals: 3, bypass: { role: 'admin' }, maxAge: '14d' }
    const put = (headers: Record<string, string>) =>
      client.call('PUT', '/reviewpolicies/votes', content, headers)
    expect((await put({})).status).toBe(428)
    expect((await put({ 'If-Match': etag })).body).toMatchObject({ ...content, floor: true })
    expect((await put({ 'If-Match': etag })).status).toBe(412)
    expect((await client.ok('GET', '/reviewpolicies')).items).toMatchObject([content])
    const remove = (headers: Record<string, string>) =>
      client.call('DELETE', '/reviewpolicies/votes', undefined, headers)
    expect((await remove({ 'If-Match': etag })).status).toBe(412)
    expect((await remove({ 'If-Match': '*' })).status).toBe(204)
    expect((await client.call('GET', '/reviewpolicies/votes')).status).toBe(404)
    const records = (await exported(client)).filter(({ type }) => type.startsWith('review_policy'))
    expect(records).toMatchObject([
      { type: 'review_policy.created', target: { name: 'votes' }, actor: { name: 'admin' } },
      { type: 'review_policy.updated', details: { filter: 'blueprints' } },
      { type: 'review_policy.deleted' },
    ])
  })

  it.each([
    ['a name that is no label', { name: 'Two!' }],
    ['no repositories', { repositories: [] }],
    ['no pattern', { repositories: ['a*b'] }],
    ['no approvals', { approvals: 0 }],
    ['too many approvals', { approvals: 21 }],
    ['a role that does not exist', { bypass: { role: 'emperor' } }],
    ['a pattern that negates', { paths: [{ pattern: '!net/' }] }],
    ['a pattern that is a comment', { paths: [{ pattern: '# net' }] }],
    ['an age that is none', { maxAge: 'soon' }],
    ['an age of nothing', { maxAge: '0d' }],
    ['a field that does not exist', { excludeAuthor: true }],
  ])('are refused with %s', async (_, more) => {
    const { adminClient } = await reviews()
    const body = { name: 'votes', repositories: ['blueprints'], approvals: 1, ...more }
    expect((await adminClient.call('POST', '/reviewpolicies', body)).status).toBe(400)
  })

  it('cannot be made where the server knows no callers', async () => {
    const { access, ctx } = await accounts({ mode: 'open-at-first' })
    const input = {
      name: 'votes',
      repositories: ['*'],
      approvals: 1,
      groups: [],
      paths: [],
      excludeAuthors: true,
      humansOnly: true,
      rejectionBlocks: true,
    }
    await expect(createReviewPolicy(access, ANONYMOUS, input)).rejects.toMatchObject({ code: 'conflict' })
    expect((await ctx.policyOf()).open).toBe(true)
  })

  it('are in the file of access rules', async () => {
    const at = await reviews()
    await at.policy({
      paths: [{ pattern: 'net/', group: 'network' }],
      maxAge: '7d',
      bypass: { role: 'admin' },
    })
    const rules = await accessRules(at.access, SYSTEM)
    const apply = (next: typeof rules) => replaceAccessRules(at.access, SYSTEM, next, { dryRun: false })
    expect(await apply(rules)).toEqual([])
    const { reviewPolicies } = rules
    expect(
      await apply({ ...rules, reviewPolicies: [at.rules({ approvals: 3 }), at.rules({ name: 'more' })] }),
    ).toEqual([
      { change: 'updated', reviewPolicy: 'votes' },
      { change: 'created', reviewPolicy: 'more' },
    ])
    expect(await apply({ ...rules, reviewPolicies })).toEqual([
      { change: 'updated', reviewPolicy: 'votes' },
      { change: 'deleted', reviewPolicy: 'more' },
    ])
    expect(await accessRules(at.access, SYSTEM)).toEqual(rules)
    const twice = { ...rules, reviewPolicies: [...reviewPolicies, ...reviewPolicies] }
    await expect(apply(twice)).rejects.toMatchObject({ code: 'invalid' })
    const { bearer } = await at.withToken(at.admin, {
      permissions: PERMISSIONS.filter((each) => each !== 'push'),
    })
    await expect(replaceAccessRules(at.access, bearer, rules, { dryRun: false })).rejects.toMatchObject(
      FORBIDDEN,
    )
  })
})
