import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import type { TestRun } from './run.ts'

const BUSY_LOOP = 'for (;;);'
const busyDisk = (file: string) => `const fs = require('node:fs')
const [descriptor, block] = [fs.openSync(${JSON.stringify(file)}, 'w'), Buffer.alloc(4_000_000, 'x')]
for (;;) {
  fs.writeSync(descriptor, block, 0, block.length, 0)
  fs.fsyncSync(descriptor)
}`

/**
 * Puts the machine under load: a busy loop on every core, at the priority of the tests, and constant disk
 * writes.
 */
export function startStress({ folder, environment }: TestRun): () => Promise<void> {
  const programs = [
    ...Array.from({ length: availableParallelism() }, () => BUSY_LOOP),
    busyDisk(path.join(folder, 'busy')),
  ]
  const processes = programs.map((program) =>
    spawn(process.execPath, ['-e', program], { stdio: 'ignore', env: { ...process.env, ...environment } }),
  )
  const ended = Promise.all(processes.map((child) => once(child, 'exit')))
  return async () => {
    for (const child of processes) child.kill('SIGKILL')
    await ended
  }
}
