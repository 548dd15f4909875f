import { cpuTimer } from './cpu-time.ts'
import { SHAPES, type Work, workOn } from './doubled-inputs.ts'

const START = 60
/** A shape whose work is faster at this size cannot harm. */
const END = 100_000
/** Milliseconds of the processor; less says nothing, as the compiler and the garbage collector take more. */
const LEAST = 40
const TRIES = 4

/**
 * Returns by which factor the time of the processor grows when the input is doubled twice, as the factor of one
 * doubling. Tried at several sizes: a search of bounded effort grows faster until it has reached its bound.
 */
export function growthOf(work: Work, shape: string): number {
  let size = START
  let once = timeOf(work, shape, size)
  while (once < LEAST && size < END) {
    size *= 2
    once = timeOf(work, shape, size)
  }
  if (once < LEAST) return 1
  let least = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < TRIES && least >= 2.5; tries++) {
    if (tries > 0) size *= 2
    once = Math.min(timeOf(work, shape, size), timeOf(work, shape, size))
    least = Math.min(least, Math.sqrt(timeOf(work, shape, 4 * size) / once))
  }
  return least
}

function timeOf(work: Work, shape: string, size: number): number {
  const run = workOn(work, SHAPES[shape]?.(size) ?? '')
  const milliseconds = cpuTimer()
  run()
  return milliseconds()
}
