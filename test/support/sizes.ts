/** How much random and large tests do, for longer searches than usual: CONTRIBUTING.md explains the variables. */
import type { Parameters } from 'fast-check'

/** Returns the value of `PKGSERVER_TEST_<name>`. */
export function sizeOf(name: string, usual: number): number {
  return Number(process.env[`PKGSERVER_TEST_${name}`] ?? usual)
}

/** How many times the usual runs random tests do. */
export const RUNS = sizeOf('RUNS', 1)

/** The seed of random tests; undefined for another one each time. */
export const SEED = process.env.PKGSERVER_TEST_SEED === undefined ? undefined : sizeOf('SEED', 0)

/** The settings of a property that is usually checked this many times. A failure prints its seed. */
export function searching(runs: number): Parameters<unknown> {
  return { numRuns: runs * RUNS, ...(SEED !== undefined && { seed: SEED }) }
}
