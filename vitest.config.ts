import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { calibrate, describeMachine } from './packages/testing/src/machine.ts'
import { createReporter } from './scripts/test-run/reporter.ts'
import { StageSequencer } from './scripts/test-run/stages.ts'

// Tests wait for facts, and give up by `until`. These limits catch promises that never settle.
const HUNG_MS = 900_000

let factor = Number(process.env.MACHINE_FACTOR)
if (!factor) {
  const machine = await calibrate()
  console.error(describeMachine(machine))
  factor = machine.factor
}

export default defineConfig({
  test: {
    include: ['{packages,services}/*/{src,test}/**/*.test.ts', 'infra/**/*.test.ts', 'scripts/**/*.test.ts'],
    globalSetup: ['scripts/test-run/infrastructure.ts'],
    setupFiles: ['scripts/test-run/setup.ts'],
    reporters: [
      createReporter({
        factor,
        showAll: process.env.TEST_TIMINGS === 'all',
        figuresFile: process.env.FIGURES_FILE,
      }),
    ],
    sequence: { sequencer: StageSequencer },
    // Most of a test's time is waiting for a server, so a second file runs even where the main process has
    // one core of two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Files of one worker share what they import, and Node.js reads it as it is: more than half of the CPU
    // went into that.
    isolate: false,
    experimental: { viteModuleRunner: false },
    testTimeout: HUNG_MS * factor,
    hookTimeout: HUNG_MS * factor,
    env: {
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_REGION: 'us-east-1',
      MACHINE_FACTOR: String(factor),
    },
  },
})
