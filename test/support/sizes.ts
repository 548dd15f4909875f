/** The sizes of random and large tests. CONTRIBUTING.md explains the variables that change them. */
import type { Parameters } from 'fast-check'

/** Returns the value of `PKGSERVER_TEST_<name>`. */
export function sizeOf(name: string, usual: number): number {
  return Number(process.env[`PKGSERVER_TEST_${name}`] ?? usual)
}

/** Multiplies the runs of random tests. */
export const RUNS = sizeOf('RUNS', 1)

/** The seed of random tests; a longer search uses another one each time. */
export const SEED = sizeOf('SEED', RUNS === 1 ? 20_300_101 : Math.floor(Math.random() * 2 ** 31))

/** The settings of a property that is usually checked this many times. A failure prints its seed. */
export function searching(runs: number): Parameters<unknown> {
  return { numRuns: runs * RUNS }
}
