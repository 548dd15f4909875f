import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { LOAD_LIMITS } from '../../src/http/load-shedding.ts'
import { availableMemory, memoryLimits } from '../../src/server/memory-limits.ts'

const MIB = 2 ** 20
const GIB = 2 ** 30

/** The most memory that the limits allow, by the sizes that were measured. */
function most(memory: number): number {
  const { packages, load, workers } = memoryLimits(memory)
  return 95 * MIB + 6 * packages.maxBytes * load.gates.large.atOnce + workers.workers * workers.memory * MIB
}

describe('the limits', () => {
  it.each([256 * MIB, 384 * MIB, 512 * MIB, GIB, 2 * GIB, 4 * GIB, 16 * GIB])(
    'fit into %d bytes together',
    (memory) => {
      expect(most(memory)).toBeLessThanOrEqual(memory)
    },
  )

  it('grow with the memory, to those of a machine with much', () => {
    const sizes = [128, 256, 512, 1024, 2048, 4096, 65_536].map((mib) => memoryLimits(mib * MIB))
    for (const [at, { packages, load, workers }] of sizes.entries()) {
      const less = sizes[at - 1]
      expect(packages.maxBytes).toBeGreaterThanOrEqual(less?.packages.maxBytes ?? 4 * MIB)
      expect(load.gates.large.atOnce).toBeGreaterThanOrEqual(less?.load.gates.large.atOnce ?? 1)
      expect(workers.workers * workers.memory).toBeGreaterThanOrEqual(
        less ? less.workers.workers * less.workers.memory : 64,
      )
      // A body has at most twice the bytes of its files.
      expect(load.bodies).toBeGreaterThanOrEqual(2 * packages.maxBytes)
    }
    expect(sizes.at(-1)).toMatchObject({
      packages: { maxBytes: 64 * MIB },
      load: LOAD_LIMITS,
      workers: { memory: 1024 },
    })
  })

  it('are those of the README', async () => {
    const readme = await readFile('README.md', 'utf8')
    const rows = [...readme.matchAll(/^\| (\d+) (MiB|GiB) \| (\d+) MiB \| (\d) \| (\d) \| (\d+) MiB \|$/gm)]
    expect(rows).toHaveLength(4)
    for (const [, size, unit, packageSize, large, workers, heap] of rows) {
      const limits = memoryLimits(Number(size) * (unit === 'MiB' ? MIB : GIB))
      expect(limits.packages.maxBytes).toBe(Number(packageSize) * MIB)
      expect(limits.load.gates.large.atOnce).toBe(Number(large))
      // More processors have more workers, which share the same memory.
      if (limits.workers.workers !== Number(workers)) continue
      expect(limits.workers.memory).toBe(Number(heap))
    }
  })

  it('follow a memory that exists', () => {
    expect(availableMemory()).toBeGreaterThan(128 * MIB)
    expect(availableMemory()).toBeLessThan(2 ** 50)
  })
})
