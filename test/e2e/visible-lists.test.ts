/** Each list of a caller with random rights has what an admin's list has, without what the caller may not see. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { grantsOfRole } from '../../src/domain/access/grant.ts'
import {
  sees,
  seesPartOf,
  seesRevision,
  type Visibility,
  visibilityOf,
} from '../../src/domain/access/visible-set.ts'
import type { Client, Json } from '../support/client.ts'
import { pages } from '../support/pages.ts'
import { type ProtectedApp, protectedApp } from '../support/protected-app.ts'

const REPOSITORIES = ['a', 'ab', 'ab-c', 'b']
const PACKAGES = ['x', 'x/y', 'z']
const PATTERNS = [...REPOSITORIES, 'a*', 'ab*', 'ab-*'].flatMap((name) => [
  name,
  ...PACKAGES.map((path) => `${name}/${path}/**`),
])

type Binding = { role: 'reader' | 'author'; pattern: string }

const bindings = fc.uniqueArray(
  fc.record({
    role: fc.constantFrom<Binding['role']>('reader', 'author'),
    pattern: fc.constantFrom(...PATTERNS),
  }),
  { selector: ({ role, pattern }) => `${role} ${pattern}`, maxLength: 4 },
)

let app: ProtectedApp
let admin: Client
let all: Json[]
let users = 0

/** Each package is a clone of the one before, so that links cross repositories; most have a draft too. */
async function prepare(): Promise<void> {
  app = await protectedApp()
  admin = await app.user('root', 'admin')
  for (const name of REPOSITORIES) await admin.createRepository(name)
  let upstream: { repository: string; package: string } | undefined
  const files = (words: string) => ({
    resources: {
      'app.yaml': `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ${words}\nspec:\n  template:\n    spec:\n      containers:\n        - name: c\n          image: nginx:1.27\n`,
    },
  })
  for (const [at, path] of PACKAGES.entries()) {
    for (const repository of REPOSITORIES) {
      const id = { repository, package: path }
      const source = upstream ? { clone: { upstream } } : files('web')
      if (repository !== 'b' || path !== 'z') await admin.publish('v1', source, id)
      if (repository !== 'ab') await admin.publish('v2', files(`web-${at}`), id)
      if (repository !== 'b') await admin.createDraft('next', files('draft'), id)
      upstream = id
    }
  }
  const draft = await admin.createDraft('to-go', files('web'), { repository: 'b', package: 'z' })
  await admin.verb(draft.name, 'propose')
  all = await whole(admin, '/packagerevisions?limit=1000')
}

async function whole(client: Client, path: string): Promise<Json[]> {
  const found: Json[] = []
  for await (const page of pages(client, path)) found.push(...page.items)
  return found
}

async function caller(given: readonly Binding[]): Promise<{ client: Client; visibility: Visibility }> {
  const name = `user-${++users}`
  const client = await app.user(name)
  for (const { role, pattern } of given) await app.bind({ kind: 'user', name }, role, pattern)
  return {
    client,
    visibility: visibilityOf(given.flatMap(({ role, pattern }) => grantsOfRole(role, [pattern], ''))),
  }
}

/** Runs a test with callers of random rights. */
async function forCallers(
  test: (client: Client, visibility: Visibility, seen: Json[]) => Promise<void>,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(bindings, async (given) => {
      const { client, visibility } = await caller(given)
      await test(
        client,
        visibility,
        all.filter((one) => seesRevision(visibility, one)).map((one) => shown(visibility, one)),
      )
    }),
    { numRuns: 12 },
  )
}

function shown({ published }: Visibility, revision: Json): Json {
  const { upstream } = revision
  if (upstream === null || sees(published, upstream)) return revision
  return { ...revision, upstream: { ...upstream, latestRevision: null, outdated: false } }
}

const nameOf = ({ name }: Json) => name
const packageOf = ({ repository, package: path }: Json) => `${repository}/${path}`

describe('14. Search, objects, images, downstreams, outdated, counts: hidden rows change no number, facet, order or next page', () => {
  it('in lists of revisions', async () => {
    await prepare()
    await forCallers(async (client, _visibility, seen) => {
      expect(await whole(client, '/packagerevisions?limit=2')).toEqual(seen)
      const tests: [string, (one: Json) => boolean][] = [
        ['outdated=true', ({ upstream }) => upstream?.outdated === true],
        ['outdated=false', ({ upstream }) => upstream?.outdated === false],
        ['lifecycle=Draft', ({ lifecycle }) => lifecycle === 'Draft'],
        ['lifecycle=Published', ({ lifecycle }) => lifecycle === 'Published'],
        ['latest=true', ({ latest }) => latest],
        ['repository=ab', ({ repository }) => repository === 'ab'],
        ['q=web', ({ workspace }) => workspace !== 'next'],
        ['q=draft', ({ workspace }) => workspace === 'next'],
      ]
      for (const [query, test] of tests) {
        const found = await whole(client, `/packagerevisions?${query}&limit=3`)
        expect(found.map(nameOf), query).toEqual(seen.filter(test).map(nameOf))
      }
      const names = new Set(seen.map(nameOf))
      for (const sort of ['updatedAt', '-updatedAt', 'publishedAt', '-publishedAt']) {
        for (const filter of ['', '&latest=true', '&lifecycle=Draft', '&repository=ab', '&q=web']) {
          const query = `/packagerevisions?sort=${sort}${filter}`
          const admins = await whole(admin, `${query}&limit=1000`)
          expect((await whole(client, `${query}&limit=3`)).map(nameOf), query).toEqual(
            admins.map(nameOf).filter((name) => names.has(name)),
          )
        }
      }
    })
  })

  it('in lists of packages and repositories', async () => {
    await prepare()
    await forCallers(async (client, { published }, seen) => {
      const expected = Object.values(Object.groupBy(seen, packageOf)).map((revisions = []) => {
        const latest = revisions.find((one) => one.latest)
        return {
          repository: revisions[0].repository,
          package: revisions[0].package,
          latestRevision: latest?.revision ?? null,
          latestVersion: latest?.version ?? null,
          revisionCount: revisions.length,
          updatedAt: revisions
            .map(({ updatedAt }) => updatedAt)
            .sort()
            .at(-1),
        }
      })
      const order = ({ repository, package: path }: Json) => `${repository} ${path}`
      expected.sort((one, other) => (order(one) < order(other) ? -1 : 1))
      expect(await whole(client, '/packages?limit=2')).toEqual(expected)
      expect(await whole(client, '/packages?q=y&limit=2')).toEqual(
        expected.filter((one) => one.package === 'x/y'),
      )
      expect(await whole(client, '/packages?repository=ab&limit=2')).toEqual(
        expected.filter((one) => one.repository === 'ab'),
      )
      const repositories = await whole(client, '/repositories?limit=2')
      expect(repositories.map(nameOf)).toEqual(REPOSITORIES.filter((name) => seesPartOf(published, name)))
    })
  })

  it('in searches for objects and images', async () => {
    await prepare()
    for (const path of [
      '/objects?kind=Deployment',
      '/objects?name=web&latest=false',
      '/images?image=nginx',
    ]) {
      const found = await whole(admin, `${path}&limit=1000`)
      const revisionOf = (item: Json) => item.packageRevision
      expect(found.length, path).toBeGreaterThan(1)
      await forCallers(async (client, _visibility, seen) => {
        const names = new Set(seen.map(nameOf))
        expect(await whole(client, `${path}&limit=2`)).toEqual(
          found.filter((item) => names.has(revisionOf(item).name)),
        )
      })
    }
  })

  it('in downstreams and graphs', async () => {
    await prepare()
    await forCallers(async (client, { published }, seen) => {
      const basedOn = (name: string) => seen.filter(({ upstream }) => upstream?.name === name)
      for (const { name } of seen.filter(({ revision }) => revision > 0)) {
        let level = basedOn(name)
        const expected: string[] = []
        for (let depth = 1; level.length > 0; depth++) {
          expected.push(...level.map((one) => `${depth} ${one.name}`).sort())
          level = level.flatMap((one) => basedOn(one.name))
        }
        const found = await whole(client, `/packagerevisions/${name}/downstreams?depth=10&limit=2`)
        expect(found.map((one) => `${one.depth} ${one.name}`)).toEqual(expected)
      }
      for (const id of new Set(seen.map(packageOf))) {
        const { edges, nodes } = await client.ok('GET', `/packages/${id}/graph?depth=1`)
        const linked = seen.filter(
          (one) =>
            one.upstream &&
            sees(published, one.upstream) &&
            [packageOf(one), packageOf(one.upstream)].includes(id),
        )
        expect(edges.map((edge: Json) => edge.to.name)).toEqual(linked.map(nameOf).sort())
        const around = new Set([id, ...linked.flatMap((one) => [packageOf(one), packageOf(one.upstream)])])
        expect(nodes.map(packageOf)).toEqual([...around].sort())
      }
    })
  })

  it('and a token for the next page is for no other caller, nor for other rights', async () => {
    await prepare()
    const given: Binding[] = [{ role: 'reader', pattern: 'a*' }]
    const [one, other] = [await caller(given), await caller(given)]
    const name = `user-${users}`
    const { continue: token } = await other.client.ok('GET', '/packagerevisions?limit=2')
    const next = `/packagerevisions?limit=2&continue=${token}`
    expect((await one.client.call('GET', next)).status).toBe(400)
    expect((await other.client.call('GET', next)).status).toBe(200)
    await app.bind({ kind: 'user', name }, 'reader', 'b')
    expect((await other.client.call('GET', next)).status).toBe(400)
  })
})
