import { writeFileSync } from 'node:fs'
import type { Reporter } from 'vitest/node'

export interface Figures {
  passed: number
  failed: number
}

/**
 * The line that readers of a run look for; a file that does not load, or an error outside a test, counts as failed. With
 * `figuresFile` the figures go there as JSON instead, for a caller that has more to count.
 */
export function oneLine(figuresFile?: string): Reporter {
  return {
    onTestRunEnd(modules, errors) {
      const tests = modules.flatMap((module) => [...module.children.allTests()])
      const broken = modules.filter((module) => module.errors().length > 0).length + errors.length
      const figures: Figures = {
        passed: tests.filter((test) => test.result().state === 'passed').length,
        failed: tests.filter((test) => test.result().state === 'failed').length + broken,
      }
      if (figuresFile) writeFileSync(figuresFile, JSON.stringify(figures))
      else process.on('exit', () => console.log(closingLine(figures)))
    },
  }
}

export const closingLine = ({ passed, failed }: Figures) => `${passed} passed, ${failed} failed`
