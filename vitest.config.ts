import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Two cores: more files at once make real Envoys and fsyncs wait for each other.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A share of a fifth can be missed for a second, and a loaded machine is slower than that.
    expect: { poll: { timeout: 10_000 } },
  },
})
