import process from 'node:process'
import type { Job, Report } from './generator.ts'
import { runLoad } from './run-load.ts'
import { watch } from './watch.ts'

// A load generator in its own process, so that its CPU is measured separately; jobs arrive over IPC, one at
// a time.
const report = (message: Report) => process.send?.(message)
process.on('message', async (job: Job) => {
  try {
    if (job.kind === 'load') report({ kind: 'load', result: await runLoad(job.template, job.load, job) })
    else report({ kind: 'watch', result: await watch(job, () => report({ kind: 'watching' })) })
  } catch (error) {
    report({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
  }
})
process.on('disconnect', () => process.exit(0))
