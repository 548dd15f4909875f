import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Kills, faults, large blobs and long searches, named so wherever they are. */
const SLOW = ['test/**/*.slow.test.ts']
/** Tests with programs that others wrote. */
const INTEROP = ['test/interop/**/*.test.ts', 'test/contract/*-peers.test.ts']

export default defineConfig({
  test: {
    maxWorkers: '100%',
    // Servers that tests start as processes load sooner.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') },
    // A busy machine is no failure; a test that hangs is still found.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000, interval: 10 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: [...SLOW, ...INTEROP],
          // Loading the server and compiling its API document for each file would take longer than the tests.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'slow', include: SLOW, testTimeout: 600_000 } },
      { extends: true, test: { name: 'interop', include: INTEROP, testTimeout: 600_000 } },
    ],
  },
})
