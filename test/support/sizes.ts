/** How much random and large tests do, for longer searches than usual: CONTRIBUTING.md explains the variables. */
import type { Parameters } from 'fast-check'

/** Returns the value of `PKGSERVER_TEST_<name>`. */
export function sizeOf(name: string, usual: number): number {
  return Number(process.env[`PKGSERVER_TEST_${name}`] ?? usual)
}

/** How many times the usual runs random tests do. */
export const RUNS = sizeOf('RUNS', 1)

/** Where random tests start; a longer search starts somewhere else each time. */
export const SEED = sizeOf('SEED', RUNS === 1 ? 20_300_101 : Math.floor(Math.random() * 2 ** 31))

/** The settings of a property that is usually checked this many times. A failure prints its seed. */
export function searching(runs: number): Parameters<unknown> {
  return { numRuns: runs * RUNS }
}
