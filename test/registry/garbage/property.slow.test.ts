import fc from 'fast-check'
import { it, onTestFinished, vi } from 'vitest'
import type { BlobStore } from '../../../src/registry/store/blob-store.ts'
import { FsStore } from '../../../src/registry/store/fs-store.ts'
import { MemoryStore } from '../../../src/registry/store/memory-store.ts'
import { interceptedStore } from '../../support/intercepted-store.ts'
import { searching } from '../../support/sizes.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { type Program, programs, run, type World } from './program.ts'

// Pushes that wait for a collection poll every few milliseconds; here, every few turns of the microtask queue.
vi.mock('node:timers/promises', () => ({
  setTimeout: async () => {
    for (let turns = 50; turns > 0; turns--) await undefined
  },
}))

const START = Date.UTC(2030, 0, 1)

/** A store on files whose timestamps come from the test's clock. */
async function fileStore(clock: { now: number }): Promise<BlobStore> {
  const files = await FsStore.open(await temporaryFolder())
  onTestFinished(() => files.close())
  const written = new Map<unknown, number>()
  const store = interceptedStore(files, async (when, operation, key) => {
    if (when === 'before' && (operation === 'put' || operation === 'commit')) written.set(key, clock.now)
  })
  return new Proxy(store, {
    get(target, name) {
      if (name !== 'stat') return Reflect.get(target, name)
      return async (key: string) => {
        const stat = await files.stat(key)
        return stat && { ...stat, modified: written.get(key) ?? stat.modified }
      }
    },
  })
}

async function check(
  numRuns: number,
  world: Partial<World> & { shared: boolean; files?: boolean },
): Promise<void> {
  const property = fc.asyncProperty(programs, async (program: Program) => {
    const clock = { now: START }
    const memory = new MemoryStore({ shared: world.shared, now: () => clock.now })
    const store = world.files ? await fileStore(clock) : memory
    await run(program, { store, clock, registries: 1, ...world })
  })
  const endOnFailure = process.env.PKGSERVER_TEST_SHRINK === undefined
  await fc.assert(property, { ...searching(numRuns), endOnFailure })
}

it('keeps what clients rely on, and nothing else, while they push and it collects', async () => {
  await check(600, { shared: false })
})

it('keeps it while several processes push and collect in one store', async () => {
  await check(600, { shared: true, registries: 2 })
})

it('keeps it when operations of the store fail at random', async () => {
  await check(400, { shared: false, faults: 0.02 })
})

it('keeps it when operations of a shared store fail at random', async () => {
  await check(400, { shared: true, registries: 2, faults: 0.02 })
})

it('keeps it in a store on files', async () => {
  await check(20, { shared: false, files: true })
})
