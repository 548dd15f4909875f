import { cpuTimer } from './cpu-time.ts'
import { SHAPES, type Work, workOn } from './doubled-inputs.ts'

/** Below it, differences of searches whose effort is bounded still grow faster. */
const START = { diff: 4000, others: 500 }
/** A shape whose work is faster at this size cannot harm. */
const END = 100_000
/** Milliseconds of the processor; less says nothing, as the compiler and the garbage collector take more. */
const LEAST = 40
const TRIES = 3

/**
 * Returns by which factor the time of the processor grows when the input is doubled twice, as the factor of one
 * doubling. The least of several tries, since other work only makes it larger.
 */
export function growthOf(work: Work, shape: string): number {
  let size = work === 'diff' ? START.diff : START.others
  let once = timeOf(work, shape, size)
  while (once < LEAST && size < END) {
    size *= 2
    once = timeOf(work, shape, size)
  }
  if (once < LEAST) return 1
  let least = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < TRIES && least >= 2.5; tries++) {
    once = Math.min(once, timeOf(work, shape, size))
    const fourTimes = timeOf(work, shape, 4 * size)
    least = Math.min(least, Math.sqrt(fourTimes / once))
  }
  return least
}

function timeOf(work: Work, shape: string, size: number): number {
  const run = workOn(work, SHAPES[shape]?.(size) ?? '')
  const milliseconds = cpuTimer()
  run()
  return milliseconds()
}
