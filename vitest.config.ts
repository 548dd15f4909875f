import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    maxWorkers: '100%',
    // Slow machines build and start real programs; a test that hangs is still found in time.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
