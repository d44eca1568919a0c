import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node'
import { closingLine } from './figures.ts'
import { RUN_VARIABLE } from './processes.ts'
import { readSpending } from './spending.ts'
import { budgetTable, type FileTimes, timingsTable } from './timings.ts'

/** Tests that take longer are listed with their duration. */
const SLOW_MS = 3_000

/** Lines of each error that are repeated at the end, for readers who have only the end of a log. */
const LINES_IN_THE_END = 6

const indented = (message: string) =>
  message
    .split('\n')
    .slice(0, LINES_IN_THE_END)
    .map((line) => `    ${line}`)
    .join('\n')

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`

/**
 * Prints a line for each file, and each failure at once. At the end: the slowest files, the time of each
 * stage against its budget, the failures with the first lines of their errors, and the numbers of passed and
 * failed tests. A file that does not load, or an error outside a test, counts as failed. With `figuresFile`,
 * the numbers are written there as JSON instead, for a caller that counts further checks. `showAll`: lists
 * the 60 slowest files instead of five, and slow tests by name.
 */
export function createReporter(options: {
  factor: number
  showAll: boolean
  figuresFile?: string
}): Reporter {
  let vitest: Vitest
  const log = (text: string) => vitest.logger.log(text)
  /** Output of tests by id, kept until their result is known. */
  const said = new Map<string, string>()
  const show = (title: string, errors: readonly unknown[], { id, project }: TestCase | TestModule) => {
    log(`\n✗ ${title}`)
    for (const error of errors) vitest.logger.printError(error, { project })
    log(said.get(id) ?? '')
  }
  const times: FileTimes[] = []

  return {
    onInit(started) {
      vitest = started
    },
    onTestRunStart() {
      times.splice(0)
    },
    onTestCaseResult(test: TestCase) {
      const { state, errors } = test.result()
      if (state === 'failed') show(`${test.module.relativeModuleId} > ${test.fullName}`, errors ?? [], test)
      said.delete(test.id)
    },
    onUserConsoleLog({ taskId = '', content }) {
      said.set(taskId, (said.get(taskId) ?? '') + content)
    },
    onTestModuleEnd(module: TestModule) {
      const { collectDuration, setupDuration, duration, prepareDuration } = module.diagnostic()
      const ms = collectDuration + setupDuration + prepareDuration + duration
      const tests = [...module.children.allTests()]
      const failed = tests.filter((test) => test.result().state === 'failed').length
      times.push({
        file: module.relativeModuleId,
        ms,
        importMs: collectDuration + setupDuration + prepareDuration,
      })
      if (module.errors().length > 0) show(module.relativeModuleId, module.errors(), module)
      const counted = `${tests.length} tests${failed > 0 ? `, ${failed} failed` : ''}`
      log(`${module.ok() ? '✓' : '✗'} ${module.relativeModuleId}  ${counted}  ${seconds(ms)}`)
      for (const test of options.showAll ? tests : []) {
        const tookMs = test.diagnostic()?.duration ?? 0
        if (tookMs > SLOW_MS) log(`    ${seconds(tookMs)}  ${test.fullName}`)
      }
    },
    onTestRunEnd(modules, errors) {
      if (modules.length === 0) log('no test file is meant by that')
      for (const error of errors) vitest.logger.printError(error)
      const tests = modules.flatMap((module) => [...module.children.allTests()])
      const failed = tests.filter((test) => test.result().state === 'failed')
      const broken = modules.flatMap((module) => module.errors()).length
      const figures = {
        passed: tests.filter((test) => test.result().state === 'passed').length,
        failed: failed.length + broken + errors.length,
      }
      const spending = readSpending(process.env[RUN_VARIABLE])
      const find = (file: string) => spending.get(path.join(vitest.config.root, file))
      log(`\n${timingsTable(times, find, options.showAll ? 60 : 5)}`)
      log(`\n${budgetTable(times, options.factor)}\n`)
      for (const test of failed) {
        log(`✗ ${test.module.relativeModuleId} > ${test.fullName}`)
        for (const { message } of test.result().errors ?? []) log(indented(message))
      }
      if (options.figuresFile) writeFileSync(options.figuresFile, JSON.stringify(figures))
      else process.on('exit', () => console.log(closingLine(figures)))
    },
  }
}
