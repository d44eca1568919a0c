import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { oneLine } from './scripts/one-line-reporter.ts'

export default defineConfig({
  test: {
    include: ['{packages,services}/*/{src,test}/**/*.test.ts', 'infra/**/*.test.ts', 'scripts/*.test.ts'],
    globalSetup: ['scripts/test-infrastructure.ts'],
    reporters: ['default', oneLine(process.env.FIGURES_FILE)],
    // Most of a test's time is waiting for a server, so a second file runs even where the main process has one core of two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 20_000,
    hookTimeout: 60_000,
    env: { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', AWS_REGION: 'us-east-1' },
  },
})
