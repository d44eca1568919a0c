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
  --changed[=main]     what differs from the last commit, or from a revision, touches
  --watch              run what a change touches, again and again
  --timings            what every test file spends its time on
  --stress             with all processors and the disk busy beside the tests
  --repeat=5           everything so many times
What vitest takes is passed on to it.`

// Everything runs even when something before it failed, and the last line always says how many passed and failed: a tool that
// complains is one failure, and so is a process that is left behind. With STACK=docker and no Docker nothing runs.
const options = readOptions(process.argv.slice(2))
await chooseStores(process.env.STACK).catch((error: Error) => giveUp(error.message))
const tests = options.changed === undefined ? options.tests : selectChanged(options.changed || 'HEAD')

let interrupted = false // the tool that runs is interrupted too; none is begun after it
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = true
  })
}
process.on('disconnect', () => process.exit(1)) // whoever started us was killed; the watcher of the run does the rest

const run = await beginRun()
const stopStress = options.stress ? startStress(run) : () => {}
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
const checks = options.watch
  ? []
  : [runTool('biome', ['ci', '.']), runTool('tsc', ['-p', 'tsconfig.json', '--incremental', '--tsBuildInfoFile', TYPES])]
for (let round = 0; round < options.repeat && !interrupted; round++) await runTests(run)
for (const passed of await Promise.all(checks)) if (!passed) figures.failed++
stopStress()
for (const { pid, command } of await run.end()) {
  if (interrupted || options.stress) continue
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
  const { exitCode } = await execa('node_modules/.bin/vitest', args, { stdio: 'inherit', reject: false, env })
  const counted: Figures = existsSync(figuresFile) ? JSON.parse(readFileSync(figuresFile, 'utf8')) : { passed: 0, failed: 0 }
  figures.passed += counted.passed
  // One that ended before it could count has failed.
  figures.failed += exitCode !== 0 && counted.failed === 0 ? 1 : counted.failed
}

/** Whether the tool is content; beside the tests, so what it has to say is printed when it has ended. */
async function runTool(tool: string, args: string[]): Promise<boolean> {
  const { exitCode, all } = await execa(`node_modules/.bin/${tool}`, args, { all: true, reject: false, env: run.environment })
  console.log(exitCode === 0 ? `✓ ${tool}` : `✗ ${tool}\n${all}`)
  return exitCode === 0
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
  if (!Number.isInteger(repeat) || repeat < 1) giveUp(`--repeat is ${values.repeat}, which is no number of rounds`)
  return { ...values, repeat, tests: args.filter((arg) => !isOwn(arg)) }
}

/** The test files to run; ends here when nothing has changed that a test could tell. */
function selectChanged(revision: string): string[] {
  const selected = selectTests(findChangedFiles(revision))
  if (selected === null) return []
  if (selected.length === 0) {
    console.log(`nothing differs from ${revision} that a test touches`)
    console.log(closingLine({ passed: 0, failed: 0 }))
    process.exit(0)
  }
  return selected
}

function giveUp(why: string): never {
  console.error(why)
  console.log(closingLine({ passed: 0, failed: 1 }))
  process.exit(1)
}
