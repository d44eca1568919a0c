import process from 'node:process'
import { styleText } from 'node:util'

/** One line of the table: what was done, how long it took, what was seen. */
interface Row {
  readonly name: string
  readonly seconds: number
  readonly saw: readonly string[]
  readonly failed: boolean
}

/** Runs steps one after the other, says which one is running, and prints all of them as a table. */
export function createReport() {
  const rows: Row[] = []
  let problem: Error | null = null
  return {
    /** Runs a step. What it `saw` is printed in the table; where it rejects, the step counts as failed. */
    async step<T>(
      name: string,
      run: (step: { saw(...lines: readonly string[]): void }) => Promise<T>,
    ): Promise<T> {
      const startedAt = performance.now()
      const lines: string[] = []
      process.stderr.write(styleText('dim', `· ${name}\n`))
      const end = (failed: boolean) => {
        const seconds = (performance.now() - startedAt) / 1_000
        rows.push({ name, seconds, saw: lines, failed })
        process.stderr.write(
          `${failed ? styleText('red', '✘') : styleText('green', '✓')} ${name} ${seconds.toFixed(1)} s\n`,
        )
      }
      try {
        const result = await run({ saw: (...more) => lines.push(...more) })
        end(false)
        return result
      } catch (error) {
        end(true)
        throw error
      }
    },
    fail(error: unknown): void {
      problem ??= error instanceof Error ? error : new Error(String(error))
    },
    failed: () => problem !== null || rows.some(({ failed }) => failed),
    print(): void {
      const width = Math.max(...rows.map(({ name }) => name.length)) + 2
      console.log(
        `\n${styleText('bold', 'step'.padEnd(width))}${styleText('bold', 'seconds'.padStart(8))}  ` +
          `${styleText('bold', 'seen')}`,
      )
      for (const { name, seconds, saw, failed } of rows) {
        const [first = '', ...others] = failed ? [styleText('red', 'failed'), ...saw] : saw
        console.log(`${name.padEnd(width)}${seconds.toFixed(1).padStart(8)}  ${first}`)
        for (const line of others) console.log(`${' '.repeat(width + 10)}${line}`)
      }
      if (problem) console.error(`\n${styleText('red', '✘')} ${problem.message}`)
    },
  }
}
export type Report = ReturnType<typeof createReport>
