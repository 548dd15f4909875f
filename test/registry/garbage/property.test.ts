import fc from 'fast-check'
import { it, vi } from 'vitest'
import { MemoryStore } from '../../../src/registry/store/memory-store.ts'
import { type Program, programs, run, type World } from './program.ts'

// Those who wait for a collection look again soon: here, after a few turns.
vi.mock('node:timers/promises', () => ({
  setTimeout: async () => {
    for (let turns = 50; turns > 0; turns--) await undefined
  },
}))

// To make room for a hundred thousand entries takes longer than a program.
vi.mock('lru-cache', async (original) => {
  const { LRUCache } = await original<typeof import('lru-cache')>()
  class Small extends LRUCache<string, object> {
    constructor(options: ConstructorParameters<typeof LRUCache<string, object, unknown>>[0]) {
      super({ ...options, ...('max' in options && options.max && { max: 1000 }) })
    }
  }
  return { LRUCache: Small }
})

/** How many times the usual runs: for a long search. */
const FACTOR = Number(process.env.PKGSERVER_TEST_RUNS ?? 1)
const START = Date.UTC(2030, 0, 1)

async function check(numRuns: number, world: Partial<World> & { shared: boolean }): Promise<void> {
  const parameters = {
    numRuns: numRuns * FACTOR,
    // The same each time, unless more is asked for.
    ...(FACTOR === 1 ? { seed: 20_300_101 } : {}),
    ...(process.env.PKGSERVER_TEST_SEED ? { seed: Number(process.env.PKGSERVER_TEST_SEED) } : {}),
  }
  const property = fc.asyncProperty(programs, async (program: Program) => {
    const clock = { now: START }
    const store = new MemoryStore({ shared: world.shared, now: () => clock.now })
    await run(program, { store, clock, registries: 1, ...world })
  })
  await fc.assert(property, { ...parameters, endOnFailure: process.env.PKGSERVER_TEST_SHRINK === undefined })
}

const TIMEOUT = 30_000 * FACTOR

it(
  'keeps what clients rely on, and nothing else, while they push and it collects',
  async () => {
    await check(600, { shared: false })
  },
  TIMEOUT,
)

it(
  'does so while several processes push and collect in one store',
  async () => {
    await check(600, { shared: true, registries: 2 })
  },
  TIMEOUT,
)

it(
  'does so where the store fails now and then',
  async () => {
    await check(400, { shared: false, faults: 0.02 })
  },
  TIMEOUT,
)

it(
  'does so where the store of several processes fails now and then',
  async () => {
    await check(400, { shared: true, registries: 2, faults: 0.02 })
  },
  TIMEOUT,
)
