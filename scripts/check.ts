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
  services/tickets     one room
  --changed[=main]     the tests that are affected by changes since the last commit, or since a revision
  --watch              the tests that a change affects, again and again
  --timings            what every test file spends its time on
  --stress             with all processors and the disk busy beside the tests
  --repeat=5           everything so many times
What vitest takes is passed on to it.`

// Everything runs even when something before it failed, and the last line always says how many passed and
// failed: a tool that complains is one failure, and so is a process that is left behind. With STACK=docker
// and no Docker nothing runs.
const options = readOptions(process.argv.slice(2))
await chooseStores(process.env.STACK).catch((error: Error) => giveUp(error.message))
const tests =
  options.changed === undefined ? options.tests : selectChanged(options.changed || 'HEAD', options.tests)

let interrupted = false // no tool is begun after it
const tools = new Set<{ kill(signal: NodeJS.Signals): unknown }>()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = true
    // Ctrl-C reaches the tools by the terminal; asked twice, vitest would not take anything down.
    if (signal !== 'SIGINT') for (const tool of tools) tool.kill('SIGINT')
  })
}
process.on('disconnect', () => process.exit(1)) // whoever started us was killed; the watcher of the run does the rest

const run = await beginRun()
const stopStress = options.stress ? startStress(run) : async () => {}
const machine = await calibrate()
console.log(describeMachine(machine))
const environment = {
  ...run.environment,
  MACHINE_FACTOR: String(machine.factor),
  ...(options.timings && { TEST_TIMINGS: 'all' }),
}

/** What the compiler knows of the last run: a second one takes a quarter. */
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
  console.error(`✗ a process was left behind: ${command} (${pid})`)
  figures.failed++
}
console.log(closingLine(figures))
process.exit(figures.failed === 0 && !interrupted ? 0 : 1)

/** Adds to the figures how many tests passed and failed. */
async function runTests({ folder }: TestRun): Promise<void> {
  const figuresFile = path.join(folder, 'figures.json')
  rmSync(figuresFile, { force: true })
  const args = [options.watch ? 'watch' : 'run', ...tests]
  const env = { ...environment, FIGURES_FILE: figuresFile }
  const { exitCode } = await ending(
    execa('node_modules/.bin/vitest', args, { stdio: 'inherit', reject: false, env }),
  )
  const counted: Figures = existsSync(figuresFile)
    ? JSON.parse(readFileSync(figuresFile, 'utf8'))
    : { passed: 0, failed: 0 }
  figures.passed += counted.passed
  // One that ended before it could count has failed.
  figures.failed += exitCode !== 0 && counted.failed === 0 && !options.watch ? 1 : counted.failed
}

/** Whether the tool is content; beside the tests, so what it has to say is printed when it has ended. */
async function runTool(tool: string, args: string[]): Promise<boolean> {
  const running = execa(`node_modules/.bin/${tool}`, args, { all: true, reject: false, env: run.environment })
  const { exitCode, all } = await ending(running)
  console.log(exitCode === 0 ? `✓ ${tool}` : `✗ ${tool}\n${all}`)
  return exitCode === 0
}

/** The tool hears of signals until it has ended. */
async function ending<T extends PromiseLike<unknown> & { kill(signal: NodeJS.Signals): unknown }>(
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
    giveUp(`--repeat is ${values.repeat}, which is no number of rounds`)
  return { ...values, repeat, tests: args.filter((arg) => !isOwn(arg)) }
}

/**
 * What to tell vitest: the test files of `given` (all without) that changes affect; ends here when there are
 * none.
 */
function selectChanged(revision: string, given: readonly string[]): string[] {
  const isFilter = (arg: string) => !arg.startsWith('-') && existsSync(arg)
  const [filters, flags] = [given.filter(isFilter), given.filter((arg) => !isFilter(arg))]
  let changed: string[]
  try {
    changed = findChangedFiles(revision)
  } catch {
    giveUp(`--changed: git knows no revision ${revision} here`)
  }
  const selected = selectTests(changed)
  if (selected === null) return [...given]
  const wanted = selected.filter(
    (file) => filters.length === 0 || filters.some((filter) => file.startsWith(filter)),
  )
  if (wanted.length > 0) return [...wanted, ...flags]
  console.log(`no test is affected by what has changed since ${revision}`)
  console.log(closingLine({ passed: 0, failed: 0 }))
  process.exit(0)
}

function giveUp(why: string): never {
  console.error(why)
  console.log(closingLine({ passed: 0, failed: 1 }))
  process.exit(1)
}
