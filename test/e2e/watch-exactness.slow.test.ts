import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Client } from '../support/client.ts'
import { pages } from '../support/pages.ts'
import { follow, own, type Watch, watch, watchServer } from '../support/watch.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
type Json = any

const FILTERS = [
  '',
  'lifecycle=Draft',
  'lifecycle=Published&latest=true',
  'latest=false',
  'repository=r1',
  'package=p0',
  'workspace=w3',
  'revision=2',
  'version=1.0.1',
  'labelSelector=env',
  'labelSelector=!env,team in (a,b)',
  'labelSelector=env=prod,team!=a',
  'labelSelector=team notin (a)',
  'repository=r0&labelSelector=env in (prod)&lifecycle=Proposed',
  'upstream=r0.up.main',
]

const WRITERS = 6
const STEPS = 25

/** Filters on fields that other revisions or files decide. */
const DERIVED = [
  'outdated=true',
  'outdated=false',
  'outdated=true&latest=true',
  'outdated=false&repository=r1&lifecycle=Draft',
  'q=p1',
  'q=copy-1&lifecycle=Published',
  'q=up&outdated=true',
  'q=-',
]

/** Returns a seeded generator of random numbers. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32
    return state / 2 ** 32
  }
}

/** Performs random operations on the revisions of one package. */
async function write(client: Client, writer: number): Promise<void> {
  const chance = random(writer + 1)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(chance() * items.length)] as T
  const repository = `r${writer % 2}`
  const path = `p${writer}`
  const names: string[] = []
  for (let step = 0; step < STEPS; step++) {
    const name = names.length > 0 ? pick(names) : ''
    const labels = { env: pick(['prod', 'dev', null]), team: pick(['a', 'b', 'c', null]) }
    const given = Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== null))
    const draft = {
      repository,
      package: path,
      workspace: `w${step}`,
      version: `1.0.${step}`,
      labels: given,
      source: writer === 5 && step === 0 ? { clone: { upstream: 'r0.up.main' } } : { init: {} },
    }
    if (name === '' || chance() < 0.2) {
      const { status, body } = await client.call('POST', '/packagerevisions', draft)
      if (status === 201) names.push(body.name)
      continue
    }
    const act = pick([
      'label',
      'propose',
      'propose',
      'approve',
      'approve',
      'reject',
      'propose-deletion',
      'delete',
    ])
    const url = `/packagerevisions/${name}`
    // Operations that the lifecycle does not allow are refused, and change nothing.
    if (act === 'label') await client.call('PATCH', url, { labels }, { 'If-Match': '*' })
    else if (act === 'delete') await client.call('DELETE', url, undefined, { 'If-Match': '*' })
    else await client.call('POST', `${url}/${act}`)
  }
}

/** Publishes revisions of the upstream, and deletes some that have no downstreams. */
async function moveUpstream(client: Client): Promise<void> {
  const chance = random(99)
  for (let step = 0; step < 12; step++) {
    const { name } = await client.publish(`u${step}`, { init: {} }, { repository: 'r0', package: 'up' })
    await setTimeout(chance() * 40)
    if (chance() < 0.5) continue
    await client.call('POST', `/packagerevisions/${name}/propose-deletion`)
    await client.call('POST', `/packagerevisions/${name}/approve`)
  }
}

/** Clones the upstream, publishes some of the clones, and upgrades some. */
async function clone(client: Client, writer: number): Promise<void> {
  const chance = random(writer + 50)
  const source = { clone: { upstream: { repository: 'r0', package: 'up' } } }
  for (let step = 0; step < 8; step++) {
    const package_ = `copy-${writer}/p${step}`
    const body = { repository: 'r1', package: package_, workspace: 'w1', source }
    const { status, body: made } = await client.call('POST', '/packagerevisions', body)
    if (status !== 201 || chance() < 0.3) continue
    await client.verb(made.name, 'propose')
    await client.verb(made.name, 'approve')
    await setTimeout(chance() * 60)
    if (chance() < 0.5) continue
    const upgrade = { ...body, workspace: 'w2', source: { upgrade: {} } }
    const upgraded = await client.call('POST', '/packagerevisions', upgrade)
    if (upgraded.status !== 201 || chance() < 0.3) continue
    await client.call('POST', `/packagerevisions/${upgraded.body.name}/propose`)
    await client.call('POST', `/packagerevisions/${upgraded.body.name}/approve`)
  }
}

async function list(client: Client, filter: string): Promise<{ items: Json[]; resourceVersion: string }> {
  const items: Json[] = []
  let first: string | undefined
  for await (const page of pages(client, `/packagerevisions?limit=7&${filter}`)) {
    first ??= page.resourceVersion
    items.push(...page.items)
  }
  return { items, resourceVersion: first as string }
}

class Follower {
  readonly known = new Map<string, Json>()
  readonly ids: number[] = []
  readonly #client: Client
  readonly filter: string
  readonly #chance: () => number

  constructor(client: Client, filter: string, seed: number) {
    this.#client = client
    this.filter = filter
    this.#chance = random(seed)
  }

  /** Reads the current state, and follows it up to a position; disconnects now and then, and continues. */
  async followUntil(end: Promise<number>): Promise<void> {
    let until = Number.POSITIVE_INFINITY
    void end.then((position) => {
      until = position
    })
    let position = this.#chance() < 0.5 ? await this.#listed() : await this.#initial()
    while (position < until) {
      const watching = await watch(this.#client, `${this.filter}&resourceVersion=${position}`)
      position = await this.#follow(watching, position, end)
      watching.close()
      await setTimeout(this.#chance() * 20)
    }
  }

  async #listed(): Promise<number> {
    const { items, resourceVersion } = await list(this.#client, this.filter)
    for (const item of items) this.known.set(item.name, item)
    return Number(resourceVersion)
  }

  async #initial(): Promise<number> {
    const watching = await watch(this.#client, `${this.filter}&sendInitialEvents=true`)
    const events = await watching.until(({ event }) => event === 'BOOKMARK')
    for (const event of events) follow(this.known, event)
    watching.close()
    return events.at(-1)?.id as number
  }

  async #follow(watching: Watch, start: number, end: Promise<number>): Promise<number> {
    let position = start
    for (let left = 1 + this.#chance() * 15; left > 0; left--) {
      const next = watching.next()
      const until = await Promise.race([next.then(() => Number.POSITIVE_INFINITY), end])
      // No more events may come.
      if (position >= until) return position
      const event = await next
      follow(this.known, event)
      // Events of derived filters have no id; the bookmark after them has.
      if (Number.isNaN(event.id)) continue
      expect(event.id).toBeGreaterThanOrEqual(position)
      if (event.event !== 'BOOKMARK') this.ids.push(event.id)
      position = event.id
    }
    return position
  }
}

/** Expects that a follower knows what a list contains now. */
async function expectListed(client: Client, { filter, known }: Follower): Promise<void> {
  const { items } = await list(client, filter)
  const sorted = [...known.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  expect(sorted.map(own), filter).toEqual(items.map(own))
}

/** Starts a server with two repositories and an upstream, and two followers for each filter. */
async function startFollowers(filters: readonly string[]) {
  const { client, parts } = await watchServer({ quietAfter: 100 })
  await client.createRepository('r0')
  await client.createRepository('r1', 'deployment')
  await client.publish('main', { init: {} }, { repository: 'r0', package: 'up' })
  const { promise: end, resolve } = Promise.withResolvers<number>()
  const followers = [...filters, ...filters].map((filter, at) => new Follower(client, filter, at * 7919))
  const following = followers.map((follower) => follower.followUntil(end))
  /** Waits until all followers have caught up with what a list says now. */
  const caughtUp = async (): Promise<void> => {
    resolve(Number((await list(client, '')).resourceVersion))
    await Promise.all(following)
  }
  return { client, parts, followers, caughtUp }
}

describe('watches while many write', () => {
  it('send each change once, and lead to what lists contain, through any number of reconnects', async () => {
    const { client, parts, followers, caughtUp } = await startFollowers(FILTERS)
    const steady = await watch(client)
    const seen: number[] = []
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(client, writer)))
    await caughtUp()

    for (const follower of followers) {
      await expectListed(client, follower)
      expect(follower.ids, follower.filter).toEqual([...new Set(follower.ids)].sort((a, b) => a - b))
    }
    const log = await parts.ctx.db
      .selectFrom('changes')
      .select('resource_version')
      .orderBy('resource_version')
      .execute()
    const all = log.map(({ resource_version: version }) => version)
    const begin = (await steady.next()).id
    const expected = all.filter((version) => version > begin)
    while (seen.length < expected.length) {
      const { event, id } = await steady.next()
      if (event !== 'BOOKMARK') seen.push(id)
    }
    expect(seen).toEqual(expected)
    expect(expected.length).toBeGreaterThan(50)
    steady.close()
  })

  it('lead to what lists contain with derived filters, too', async () => {
    const { client, followers, caughtUp } = await startFollowers(DERIVED)
    await Promise.all([moveUpstream(client), ...[0, 1, 2].map((writer) => clone(client, writer))])
    await caughtUp()

    let most = 0
    for (const follower of followers) {
      await expectListed(client, follower)
      most = Math.max(most, follower.known.size)
    }
    expect(most).toBeGreaterThan(10)
  })
})
