/** How much the server does at once, by the memory that it may use. */
import { availableParallelism, totalmem } from 'node:os'
import { DEFAULT_LIMITS, type ResourceLimits } from '../domain/resources.ts'
import { LOAD_LIMITS, type LoadLimits } from '../http/load-shedding.ts'

const MIB = 1024 * 1024

export type MemoryLimits = {
  packages: ResourceLimits
  load: LoadLimits
  /** `memory`: the limit of the heap of each, in MiB. */
  workers: { workers: number; memory: number }
  /** Bytes of the files that Glasskube's clients ask for again and again. */
  keptFiles: number
}

/** An idle server takes 60 MiB and a worker 35, without what the kernel can free; caches take some more. */
const BASE = 128 * MIB
/** Unpacked, sent to a worker and packed, a package takes so many times its size. */
const COPIES = 6
const LEAST_PACKAGE = 4 * MIB
const KEPT_FILES = { least: 2 * MIB, most: 32 * MIB }
const HEAP = { least: 64, most: 1024 }
/** With less, there is one worker, and fewer requests at once. */
const LITTLE = 768 * MIB

/** Returns the memory of the container, or else of the machine, in bytes. */
export function availableMemory(): number {
  // Without a limit, this is 0 or more than any machine has.
  const constrained = process.constrainedMemory()
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
}

/** Half of what is left is for files, and half for the heaps of workers. */
export function memoryLimits(memory: number): MemoryLimits {
  const half = Math.max(0, memory - BASE) / 2
  const maxBytes = MIB * Math.floor(within(half / COPIES, LEAST_PACKAGE, DEFAULT_LIMITS.maxBytes) / MIB)
  const isLittle = memory < LITTLE
  const workers = isLittle ? 1 : Math.max(2, availableParallelism() - 1)
  const { gates, bodies, answers } = LOAD_LIMITS
  const fewer = (atOnce: number): number => (isLittle ? atOnce / 4 : atOnce)
  return {
    packages: { ...DEFAULT_LIMITS, maxBytes },
    load: {
      bodies: within(half / 4, 2 * maxBytes, bodies),
      answers: within(half / 2, 2 * maxBytes, answers),
      gates: {
        ...gates,
        write: { ...gates.write, atOnce: fewer(gates.write.atOnce) },
        read: { ...gates.read, atOnce: fewer(gates.read.atOnce) },
        large: {
          ...gates.large,
          atOnce: within(Math.floor(half / (COPIES * maxBytes)), 1, gates.large.atOnce),
        },
      },
    },
    workers: { workers, memory: Math.floor(within(half / MIB / workers, HEAP.least, HEAP.most)) },
    keptFiles: within(half / 8, KEPT_FILES.least, KEPT_FILES.most),
  }
}

function within(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value))
}
