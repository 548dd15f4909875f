import { existsSync, statfsSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Kills, faults, large blobs and long searches, anywhere in test/. */
const SLOW = ['test/**/*.slow.test.ts']
/** Tests with third-party programs. */
const INTEROP = ['test/interop/**/*.test.ts', 'test/contract/*-peers.test.ts']

/** A factor for random tests, which then take longer. */
const RUNS = Number(process.env.PKGSERVER_TEST_RUNS ?? 1)
const MINUTE = 60_000

export default defineConfig({
  test: {
    // One more than there are cores: tests often wait for other processes.
    maxWorkers: availableParallelism() + 1,
    // Servers that tests start as processes load sooner.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') },
    // A busy machine is no failure; a test that hangs is still found.
    testTimeout: MINUTE * RUNS,
    hookTimeout: MINUTE,
    setupFiles: ['test/support/setup.ts'],
    expect: { poll: { timeout: MINUTE / 2, interval: 10 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: [...SLOW, ...INTEROP],
          // Loading the server and compiling its API document for each file would take longer than the tests.
          isolate: false,
          env: { TMPDIR: inMemory() },
        },
      },
      { extends: true, test: { name: 'slow', include: SLOW, testTimeout: 10 * MINUTE * RUNS } },
      { extends: true, test: { name: 'interop', include: INTEROP, testTimeout: 10 * MINUTE * RUNS } },
    ],
  },
})

/** A folder whose files are in memory, if there is room: many small tests would mostly wait for the disk. */
function inMemory(): string {
  const folder = '/dev/shm'
  if (process.env.TMPDIR || !existsSync(folder)) return tmpdir()
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize > 2 ** 30 ? folder : tmpdir()
}
