import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { execa } from 'execa'
import { chooseStores } from '../packages/stack/src/docker/engine.ts'
import { closingLine, type Figures } from './one-line-reporter.ts'

// Everything runs even when something before it failed, and the last line always says how many passed and failed: a tool that
// complains is one failure. Arguments go to vitest: `npm test -- services/auth`. With STACK=docker and no Docker nothing runs.
await chooseStores(process.env.STACK).catch((error: Error) => {
  console.error(error.message)
  console.log(closingLine({ passed: 0, failed: 1 }))
  process.exit(1)
})
const folder = mkdtempSync(path.join(tmpdir(), 'boxoffice-check-'))
const figuresFile = path.join(folder, 'figures.json')

let interrupted = false // the tool that runs is interrupted too; none is begun after it
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = true
  })
}

const formatted = await runs('biome', ['ci', '.'])
const typed = await runs('tsc', ['-p', 'tsconfig.json'])
const tested = await runs('vitest', ['run', ...process.argv.slice(2)], { FIGURES_FILE: figuresFile })

const figures: Figures = existsSync(figuresFile) ? JSON.parse(readFileSync(figuresFile, 'utf8')) : { passed: 0, failed: 0 }
rmSync(folder, { recursive: true, force: true })
if (!formatted) figures.failed++
if (!typed) figures.failed++
if (!tested && figures.failed === 0) figures.failed++ // it ended before it could count
console.log(closingLine(figures))
process.exitCode = figures.failed === 0 ? 0 : 1

/** Whether the tool is content; what it has to say is printed as it comes. */
async function runs(tool: string, args: string[], env: Record<string, string> = {}): Promise<boolean> {
  if (interrupted) return false
  const { exitCode } = await execa(`node_modules/.bin/${tool}`, args, { stdio: 'inherit', reject: false, env })
  return exitCode === 0
}
