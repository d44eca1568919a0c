import { existsSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { chooseStores } from '../packages/stack/src/docker/engine.ts'
import { calibrate, describeMachine } from '../packages/testing/src/machine.ts'
import { findChangedFiles, selectTests } from './test-run/changed.ts'
import { closingLine, type Figures } from './test-run/figures.ts'
import { beginRun, type TestRun } from './test-run/run.ts'
import { startStress } from './test-run/stress.ts'

const USAGE = `npm test [-- [options] [files or folders]]
  services/tickets     the tests of one package or service
  --changed[=main]     the tests that are affected by changes since the last commit, or since a revision
  --watch              reruns the tests that a change affects
  --timings            shows what each test file spends its time on
  --stress             keeps all processors and the disk busy during the tests
  --repeat=5           runs everything five times
Options of vitest are passed to it.`

// Runs everything even after a failure; the last line always has the numbers of passed and failed tests. A
// failing tool counts as one failure, and so does a leftover process. With STACK=docker and no Docker,
// nothing runs.
const options = readOptions(process.argv.slice(2))
await chooseStores(process.env.STACK).catch((error: Error) => giveUp(error.message))
const tests =
  options.changed === undefined ? options.tests : selectChanged(options.changed || 'HEAD', options.tests)

let interrupted = false // no tool starts after an interrupt
const tools = new Set<{ kill(signal: NodeJS.Signals): unknown }>()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = true
    // The terminal delivers Ctrl-C to the tools; a second SIGINT would make vitest skip its teardown.
    if (signal !== 'SIGINT') for (const tool of tools) tool.kill('SIGINT')
  })
}
process.on('disconnect', () => process.exit(1)) // the parent was killed; the watcher of the run cleans up

const run = await beginRun()
const stopStress = options.stress ? startStress(run) : async () => {}
const machine = await calibrate()
console.log(describeMachine(machine))
const environment = {
  ...run.environment,
  MACHINE_FACTOR: String(machine.factor),
  ...(options.timings && { TEST_TIMINGS: 'all' }),
}

/** Incremental compiler state: a second run takes a quarter of the time. */
const TYPES = 'node_modules/.cache/boxoffice/types.tsbuildinfo'

const figures: Figures = { passed: 0, failed: 0 }
const checks =
  options.watch || interrupted
    ? []
    : [
        runTool('biome', ['ci', '.']),
        runTool('tsc', ['-p', 'tsconfig.json', '--incremental', '--tsBuildInfoFile', TYPES]),
      ]
for (let round = 0; round < options.repeat && !interrupted; round++) await runTests(run)
for (const passed of await Promise.all(checks)) if (!passed) figures.failed++
await stopStress()
for (const { pid, command } of await run.end(machine.factor)) {
  if (interrupted) continue
  console.error(`✗ leftover process: ${command} (${pid})`)
  figures.failed++
}
console.log(closingLine(figures))
process.exit(figures.failed === 0 && !interrupted ? 0 : 1)

/** Runs the tests once and adds the numbers of passed and failed ones to the figures. */
async function runTests({ folder }: TestRun): Promise<void> {
  const figuresFile = path.join(folder, 'figures.json')
  rmSync(figuresFile, { force: true })
  const args = [options.watch ? 'watch' : 'run', ...tests]
  const env = { ...environment, FIGURES_FILE: figuresFile }
  const { exitCode } = await untilEnded(
    execa('node_modules/.bin/vitest', args, { stdio: 'inherit', reject: false, env }),
  )
  const counted: Figures = existsSync(figuresFile)
    ? JSON.parse(readFileSync(figuresFile, 'utf8'))
    : { passed: 0, failed: 0 }
  figures.passed += counted.passed
  // A run that ended before it could count is one failure.
  figures.failed += exitCode !== 0 && counted.failed === 0 && !options.watch ? 1 : counted.failed
}

/**
 * Runs a tool in parallel with the tests and prints its output when it has ended; returns whether it
 * succeeded.
 */
async function runTool(tool: string, args: string[]): Promise<boolean> {
  const running = execa(`node_modules/.bin/${tool}`, args, { all: true, reject: false, env: run.environment })
  const { exitCode, all } = await untilEnded(running)
  console.log(exitCode === 0 ? `✓ ${tool}` : `✗ ${tool}\n${all}`)
  return exitCode === 0
}

/** Forwards signals to the tool until it has ended. */
async function untilEnded<T extends PromiseLike<unknown> & { kill(signal: NodeJS.Signals): unknown }>(
  tool: T,
): Promise<Awaited<T>> {
  tools.add(tool)
  try {
    return await tool
  } finally {
    tools.delete(tool)
  }
}

function readOptions(args: string[]) {
  const own = ['stress', 'timings', 'watch', 'changed', 'repeat', 'help']
  const isOwn = (arg: string) => own.includes(/^--(\w+)(=.*)?$/.exec(arg)?.[1] ?? '')
  const { values } = parseArgs({
    args: args.filter(isOwn).map((arg) => (arg === '--changed' ? '--changed=' : arg)),
    options: {
      stress: { type: 'boolean', default: false },
      timings: { type: 'boolean', default: false },
      watch: { type: 'boolean', default: false },
      changed: { type: 'string' },
      repeat: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    process.exit(0)
  }
  const repeat = Number(values.repeat)
  if (!Number.isInteger(repeat) || repeat < 1)
    giveUp(`--repeat must be a positive integer, not ${values.repeat}`)
  return { ...values, repeat, tests: args.filter((arg) => !isOwn(arg)) }
}

/**
 * Returns the arguments for vitest: the test files among `given` (or all) that changes affect. Exits if there
 * are none.
 */
function selectChanged(revision: string, given: readonly string[]): string[] {
  const isFilter = (arg: string) => !arg.startsWith('-') && existsSync(arg)
  const [filters, flags] = [given.filter(isFilter), given.filter((arg) => !isFilter(arg))]
  let changed: string[]
  try {
    changed = findChangedFiles(revision)
  } catch {
    giveUp(`--changed: unknown git revision ${revision}`)
  }
  const selected = selectTests(changed)
  if (selected === null) return [...given]
  const wanted = selected.filter(
    (file) => filters.length === 0 || filters.some((filter) => file.startsWith(filter)),
  )
  if (wanted.length > 0) return [...wanted, ...flags]
  console.log(`no test is affected by the changes since ${revision}`)
  console.log(closingLine({ passed: 0, failed: 0 }))
  process.exit(0)
}

function giveUp(why: string): never {
  console.error(why)
  console.log(closingLine({ passed: 0, failed: 1 }))
  process.exit(1)
}
