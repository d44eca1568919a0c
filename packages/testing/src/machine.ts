import { execFile } from 'node:child_process'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

/** The current speed of this machine, under its current load. */
export interface Machine {
  /** Slowness relative to the reference, at least 1; multiplies the waits and limits of tests. */
  readonly factor: number
  /** Starts a Node.js process on every core at once, each computing for a while. */
  readonly processMs: number
  /** Writes 1 MB and waits until it is on disk. */
  readonly diskMs: number
}

/** Measurements of an idle machine with two cores (November 2026). */
const REFERENCE = { processMs: 250, diskMs: 15 }
/** Upper limit of the factor; beyond it limits would be meaningless. */
const FACTOR_MAX = 30

/** Measures this machine in about a second: the median of three rounds each. */
export async function calibrate(): Promise<Machine> {
  const processMs = await middleOfThree(computeOnEveryCore)
  const diskMs = await middleOfThree(writeToDisk)
  const factor = Math.max(1, processMs / REFERENCE.processMs, diskMs / REFERENCE.diskMs)
  return { factor: Math.min(FACTOR_MAX, Math.round(factor * 10) / 10), processMs, diskMs }
}

/** Formats the measurement as one line. */
export const describeMachine = ({ factor, processMs, diskMs }: Machine) =>
  `machine × ${factor.toFixed(1)} (processes ${Math.round(processMs)} ms, ` +
  `disk ${Math.round(diskMs)} ms; the reference is ${REFERENCE.processMs} and ${REFERENCE.diskMs})`

const COMPUTE = `const { createHash } = require('node:crypto')
let text = ''
for (let i = 0; i < 60_000; i++) text = createHash('sha256').update(text + i).digest('hex')`

async function computeOnEveryCore(): Promise<void> {
  const run = promisify(execFile)
  await Promise.all(
    Array.from({ length: availableParallelism() }, () => run(process.execPath, ['-e', COMPUTE])),
  )
}

async function writeToDisk(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'boxoffice-calibrate-'))
  try {
    const file = await open(path.join(folder, 'block'), 'w')
    await file.write(Buffer.alloc(1_000_000, 'x'))
    await file.sync()
    await file.close()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function middleOfThree(work: () => Promise<void>): Promise<number> {
  const took: number[] = []
  for (let round = 0; round < 3; round++) {
    const startedAt = performance.now()
    await work()
    took.push(performance.now() - startedAt)
  }
  return took.toSorted((one, other) => one - other)[1] ?? 0
}
