import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    maxWorkers: '100%',
    // Servers that tests start as processes load sooner.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') },
    // Slow machines build and start real programs; a test that hangs is still found in time.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
