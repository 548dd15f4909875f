/** Random programs of concurrent clients and collectors, and the invariants that must hold for all of them. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { isIndex } from '../../../src/oci/manifest.ts'
import { EmbeddedRegistry } from '../../../src/registry/embedded-registry.ts'
import { RegistryError } from '../../../src/registry/errors.ts'
import type { BlobStore } from '../../../src/registry/store/blob-store.ts'
import { interceptedStore } from '../../support/intercepted-store.ts'
import { randomTurns, seededRandom } from '../../support/seeded-random.ts'
import { type Contents, contentsOf, reachable } from './contents.ts'
import { BLOB_DIGESTS, BLOBS, THINGS } from './fixtures.ts'

export const GRACE = 60 * 60 * 1000
/** How long acknowledged content stays at least: see `isFresh`. */
const KEPT = (GRACE * 5) / 6
const REPOSITORIES = ['a', 'b/c'] as const
const TAGS = ['one', 'two'] as const

type Operation = { registry: number; repository: number } & (
  | { kind: 'pushBlob' | 'uploadBlob' | 'mount' | 'head'; blob: number }
  | { kind: 'pushAll' | 'put'; thing: number; tag?: number | undefined }
  | { kind: 'tag'; thing: number; tag: number }
  | { kind: 'untag'; tag: number }
  | { kind: 'delete'; thing: number }
  | { kind: 'collect' }
  | { kind: 'tick' }
)

export type Program = { seed: number; phases: { advance: number; operations: Operation[] }[] }

const where = { registry: fc.nat(1), repository: fc.nat(REPOSITORIES.length - 1) }
const blob = fc.nat(BLOBS.length - 1)
const thing = fc.nat(THINGS.length - 1)
const tag = fc.nat(TAGS.length - 1)
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ ...where, kind: fc.constantFrom('pushBlob' as const, 'uploadBlob'), blob }),
  },
  { weight: 2, arbitrary: fc.record({ ...where, kind: fc.constantFrom('mount' as const, 'head'), blob }) },
  {
    weight: 5,
    arbitrary: fc.record({
      ...where,
      kind: fc.constantFrom('pushAll' as const, 'put'),
      thing,
      tag: fc.option(tag, { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ ...where, kind: fc.constant('tag' as const), thing, tag }) },
  { weight: 2, arbitrary: fc.record({ ...where, kind: fc.constant('untag' as const), tag }) },
  { weight: 1, arbitrary: fc.record({ ...where, kind: fc.constant('delete' as const), thing }) },
  { weight: 4, arbitrary: fc.record({ ...where, kind: fc.constant('collect' as const) }) },
  { weight: 1, arbitrary: fc.record({ ...where, kind: fc.constant('tick' as const) }) },
)
export const programs: fc.Arbitrary<Program> = fc.record({
  seed: fc.integer(),
  phases: fc.array(
    fc.record({
      advance: fc.constantFrom(0, GRACE / 3, GRACE * 2, GRACE * 2),
      operations: fc.array(operation, { minLength: 1, maxLength: 8 }),
    }),
    { minLength: 1, maxLength: 6 },
  ),
})

export type World = {
  store: BlobStore
  clock: { now: number }
  registries: number
  /** The probability that an operation of the store fails, tested once before and once after it is done. */
  faults?: number
}

class InjectedFault extends Error {}

export async function run(program: Program, world: World): Promise<void> {
  const { store, clock } = world
  const random = seededRandom(program.seed)
  let busy = false
  const slow = interceptedStore(store, async () => {
    // No delays and faults while the checker reads.
    if (!busy) return
    await randomTurns(random, 6)
    if (random() < (world.faults ?? 0)) throw new InjectedFault('injected')
  })
  const options = { grace: GRACE, now: () => clock.now }
  const registries = Array.from({ length: world.registries }, () => new EmbeddedRegistry(slow, options))
  const checker = new Checker(world, registries)
  for (const { advance, operations } of program.phases) {
    clock.now += advance
    checker.begin(operations)
    busy = true
    await Promise.all(
      operations.map(async (operation) => {
        await randomTurns(random, 100)
        await checker.perform(operation)
      }),
    )
    busy = false
    await checker.quiet()
  }
  // Lets pending I/O and timers run between programs.
  await new Promise((resolve) => setImmediate(resolve))
  clock.now += 2 * GRACE
  await checker.atRest()
}

/** Tracks what the registry has acknowledged to clients, and checks that it keeps it. */
class Checker {
  readonly #world: World
  readonly #registries: readonly EmbeddedRegistry[]
  /** When a blob or manifest of a repository was last acknowledged. */
  readonly #acknowledged = new Map<string, number>()
  /** `#acknowledged` at the start of the phase. */
  #before = new Map<string, number>()
  /** The possible targets of each tag: several if concurrent operations touch it. */
  readonly #tags = new Map<string, Set<string | undefined>>()
  /** Children that must exist as long as their index does. */
  readonly #children = new Map<string, Set<string>>()
  #present = new Set<string>()
  #operations: readonly Operation[] = []

  constructor(world: World, registries: readonly EmbeddedRegistry[]) {
    this.#world = world
    this.#registries = registries
  }

  begin(operations: readonly Operation[]): void {
    this.#operations = operations
    this.#before = new Map(this.#acknowledged)
    this.#forgetOldIndexes()
    // Concurrent operations on a tag may run in any order, so the outcome of each is possible.
    for (const [key, values] of this.#tags) if (this.#touching(key).length > 1) values.add(undefined)
  }

  async perform(operation: Operation): Promise<void> {
    try {
      await this.#do(operation)
    } catch (error) {
      if (!(error instanceof InjectedFault || this.#mayFail(operation, error))) {
        throw new Error(`${JSON.stringify(operation)} failed`, { cause: error })
      }
    }
  }

  async #do(operation: Operation): Promise<void> {
    const name = REPOSITORIES[operation.repository] as string
    const registry = this.#registries[operation.registry % this.#registries.length] as EmbeddedRegistry
    const other = REPOSITORIES[1 - operation.repository] as string
    switch (operation.kind) {
      case 'pushBlob':
      case 'uploadBlob':
        await pushBlob(registry, name, operation.blob, operation.kind === 'uploadBlob')
        return this.#acknowledge(name, digestOfBlob(operation.blob))
      case 'mount':
        if (await registry.blobs.mount(name, digestOfBlob(operation.blob), other)) {
          this.#acknowledge(name, digestOfBlob(operation.blob))
        }
        return
      case 'head':
        await registry.blobs.size(name, digestOfBlob(operation.blob))
        // Other processes do not know of the request.
        if (this.#registries.length === 1) this.#acknowledge(name, digestOfBlob(operation.blob))
        return
      case 'pushAll':
      case 'put': {
        const { bytes, digest, blobs } = thingAt(operation.thing)
        const tags = operation.tag === undefined ? [] : [TAGS[operation.tag] as string]
        if (operation.kind === 'pushAll') {
          for (const blob of blobs) await pushBlob(registry, name, BLOB_DIGESTS.indexOf(blob), false)
        }
        for (const tag of tags) this.#mayBecome(name, tag, digest)
        await registry.manifests.put(name, bytes, { tags })
        for (const tag of tags) this.#becomes(name, tag, digest)
        return this.#acknowledgeManifest(name, operation.thing)
      }
      case 'tag': {
        const { digest } = thingAt(operation.thing)
        const tag = TAGS[operation.tag] as string
        this.#mayBecome(name, tag, digest)
        await registry.manifests.tag(name, digest, [tag])
        this.#becomes(name, tag, digest)
        return this.#acknowledgeManifest(name, operation.thing)
      }
      case 'untag': {
        const tag = TAGS[operation.tag] as string
        this.#mayBecome(name, tag, undefined)
        await registry.manifests.untag(name, tag)
        return this.#becomes(name, tag, undefined)
      }
      case 'delete': {
        // A deletion that fails halfway while another process sets a tag can leave that tag dangling. Known limit.
        if (this.#world.faults && this.#world.registries > 1) return
        const { digest } = thingAt(operation.thing)
        for (const tag of TAGS) this.#mayBecome(name, tag, undefined)
        for (const children of this.#children.values()) children.delete(`${name}@${digest}`)
        await registry.manifests.delete(name, digest)
        return
      }
      case 'collect':
        await registry.collectGarbage()
        return
      case 'tick':
        this.#world.clock.now += GRACE / 50
        return
    }
  }

  #mayFail(operation: Operation, error: unknown): boolean {
    if (!(error instanceof RegistryError)) return false
    if (error.code === 'TOOMANYREQUESTS' && error.status === 503) return true
    const name = REPOSITORIES[operation.repository] as string
    switch (operation.kind) {
      case 'head':
        return error.code === 'BLOB_UNKNOWN' && !this.#promised(name, digestOfBlob(operation.blob))
      case 'put':
        return error.code === 'MANIFEST_BLOB_UNKNOWN' && !this.#needsAllPromised(name, operation.thing)
      case 'pushAll':
        return error.code === 'MANIFEST_BLOB_UNKNOWN' && isIndex(thingAt(operation.thing).manifest)
      case 'tag': {
        const { digest } = thingAt(operation.thing)
        const codes = ['MANIFEST_UNKNOWN', 'MANIFEST_BLOB_UNKNOWN']
        return codes.includes(error.code) && (!this.#promised(name, digest) || this.#deleted(name, digest))
      }
      case 'untag':
      case 'delete':
        return error.code === 'MANIFEST_UNKNOWN'
      default:
        return false
    }
  }

  /** Checks the invariants between two phases, when nothing is in flight. */
  async quiet(): Promise<void> {
    const contents = await contentsOf(this.#world.store)
    this.#present = new Set(contents.manifests.keys())
    const live = reachable(contents)
    const wrong = live.missing.map((link) => `a live manifest lacks ${link}`)
    for (const [key, time] of this.#acknowledged) {
      if (this.#world.clock.now - time >= KEPT || this.#everDeleted.has(key)) continue
      const [name = '', digest = ''] = key.split('@')
      if (!contents.hasBlob(name, digest) && !this.#present.has(key)) wrong.push(`${key} is gone`)
      const { blobs = [] } = THINGS.find((thing) => thing.digest === digest) ?? {}
      for (const blob of blobs) if (!contents.hasBlob(name, blob)) wrong.push(`${key} lacks ${blob}`)
    }
    for (const [key, values] of this.#tags) {
      const actual = contents.tags.get(key)
      if (!values.has(actual)) wrong.push(`${key} is ${actual}, not ${[...values]}`)
      values.clear()
      values.add(actual)
    }
    for (const [key, digest] of contents.tags) {
      if (!live.manifests.has(`${key.split(':')[0]}@${digest}`)) wrong.push(`${key} leads nowhere`)
    }
    for (const [key, children] of this.#children) {
      if (!this.#present.has(key)) continue
      for (const child of children) if (!this.#present.has(child)) wrong.push(`${key} lacks ${child}`)
    }
    for (const entry of live.referrers)
      if (!contents.referrers.has(entry)) wrong.push(`${entry} is not listed`)
    expect(wrong).toEqual([])
    await this.#registriesAgree(contents)
  }

  /** Checks that the caches of the registries agree with the store. */
  async #registriesAgree({ manifests, tags, hasBlob }: Contents): Promise<void> {
    const wrong: string[] = []
    const same = (what: string, actual: unknown, expected: unknown) => {
      if (actual !== expected) wrong.push(`${what}: ${actual}, not ${expected}`)
    }
    for (const registry of this.#registries) {
      for (const name of REPOSITORIES) {
        for (const tag of TAGS) {
          same(`${name}:${tag}`, (await registry.tags.get(name, tag))?.digest, tags.get(`${name}:${tag}`))
        }
        const listed = TAGS.filter((tag) => tags.has(`${name}:${tag}`))
        same(`tags of ${name}`, (await registry.tags.list(name)).join(), listed.join())
        for (const { digest } of THINGS) {
          const key = `${name}@${digest}`
          same(key, await registry.manifests.has(name, digest), manifests.has(key))
        }
        for (const digest of BLOB_DIGESTS) {
          same(`${name}@${digest}`, await registry.blobs.has(name, digest), hasBlob(name, digest))
        }
        const any = [...manifests.keys()].some((key) => key.startsWith(`${name}@`))
        same(name, await registry.manifests.any(name), any)
      }
    }
    expect(wrong).toEqual([])
  }

  /** Checks, when everything is old, that a collection keeps exactly what is reachable and a second one finds nothing. */
  async atRest(): Promise<void> {
    const before = reachable(await contentsOf(this.#world.store))
    const [registry] = this.#registries as [EmbeddedRegistry]
    const dry = await removedBy(registry, true)
    const real = await removedBy(registry, false)
    expect(real).toEqual(dry)
    const contents = await contentsOf(this.#world.store)
    expect([...contents.manifests.keys()].sort()).toEqual([...before.manifests].sort())
    expect([...contents.links].sort()).toEqual([...before.links].sort())
    expect([...contents.blobs.keys()].sort()).toEqual([...before.blobs].sort())
    expect([...contents.referrers].sort()).toEqual([...before.referrers].sort())
    expect(contents.others).toEqual([])
    expect(await removedBy(registry, false)).toEqual([])
    await this.#registriesAgree(contents)
  }

  readonly #everDeleted = new Set<string>()

  #deleted(name: string, digest: string): boolean {
    return this.#operations.some(
      (operation) =>
        operation.kind === 'delete' &&
        REPOSITORIES[operation.repository] === name &&
        thingAt(operation.thing).digest === digest,
    )
  }

  #acknowledge(name: string, digest: string): void {
    this.#acknowledged.set(`${name}@${digest}`, this.#world.clock.now)
    if (this.#deleted(name, digest)) this.#everDeleted.add(`${name}@${digest}`)
    else this.#everDeleted.delete(`${name}@${digest}`)
  }

  #acknowledgeManifest(name: string, at: number): void {
    const { digest, manifest } = thingAt(at)
    this.#acknowledge(name, digest)
    if (!isIndex(manifest)) return
    // Older children may have been collected before the index was pushed.
    const children = manifest.manifests
      .filter((child) => this.#promised(name, child.digest))
      .map((child) => `${name}@${child.digest}`)
    this.#children.set(`${name}@${digest}`, new Set(children))
  }

  #forgetOldIndexes(): void {
    for (const operation of this.#operations) {
      if (operation.kind !== 'delete') continue
      this.#everDeleted.add(`${REPOSITORIES[operation.repository]}@${thingAt(operation.thing).digest}`)
    }
    for (const key of this.#children.keys()) {
      const time = this.#acknowledged.get(key) ?? 0
      if (this.#world.clock.now - time >= KEPT || this.#everDeleted.has(key)) this.#children.delete(key)
    }
  }

  /** Returns whether content acknowledged before the phase is guaranteed to exist throughout it. */
  #promised(name: string, digest: string): boolean {
    const time = this.#before.get(`${name}@${digest}`)
    return (
      time !== undefined && this.#world.clock.now - time < KEPT && !this.#everDeleted.has(`${name}@${digest}`)
    )
  }

  #needsAllPromised(name: string, at: number): boolean {
    const { blobs, manifest } = thingAt(at)
    const children = isIndex(manifest) ? manifest.manifests.map(({ digest }) => digest) : []
    return [...blobs, ...children].every((digest) => this.#promised(name, digest))
  }

  #touching(key: string): Operation[] {
    return this.#operations.filter((operation) => {
      const name = REPOSITORIES[operation.repository]
      if (operation.kind === 'delete') return key.startsWith(`${name}:`)
      return 'tag' in operation && operation.tag !== undefined && key === `${name}:${TAGS[operation.tag]}`
    })
  }

  #mayBecome(name: string, tag: string, digest: string | undefined): void {
    const key = `${name}:${tag}`
    const values = this.#tags.get(key) ?? new Set([undefined])
    this.#tags.set(key, values.add(digest))
  }

  #becomes(name: string, tag: string, digest: string | undefined): void {
    const key = `${name}:${tag}`
    if (this.#touching(key).length > 1) return
    this.#tags.set(key, new Set([digest]))
  }
}

async function removedBy(registry: EmbeddedRegistry, dryRun: boolean): Promise<unknown[]> {
  const removed: unknown[] = []
  const result = await registry.collectGarbage({
    dryRun,
    onRemoved: (item) => removed.push(JSON.stringify(item)),
  })
  expect(result).toMatchObject({ dryRun, interrupted: false, skipped: [] })
  expect(result.manifests + result.links + result.blobs).toBe(removed.length)
  return removed.sort()
}

async function pushBlob(
  registry: EmbeddedRegistry,
  name: string,
  at: number,
  upload: boolean,
): Promise<void> {
  const bytes = BLOBS[at] as Uint8Array
  const digest = digestOfBlob(at)
  if (!upload) return registry.blobs.put(name, digest, bytes)
  await registry.blobs.putStream(name, { mediaType: 'application/x', digest, size: bytes.length }, bytes)
}

function digestOfBlob(at: number): string {
  return BLOB_DIGESTS[at] as string
}

function thingAt(at: number) {
  return THINGS[at] as (typeof THINGS)[number]
}
