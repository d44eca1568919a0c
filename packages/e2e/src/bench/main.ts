import process from 'node:process'
import { parseArgs } from 'node:util'
import pc from 'picocolors'
import { createBenchContext } from './bench.ts'
import { benches } from './catalogue.ts'
import { fact, heading, machine, step } from './report.ts'

const USAGE = `npm run bench -- [quick] [--instances 2] <names, or all>
  quick    short rounds; by itself the important ones, in some three minutes
${Object.entries(benches)
  .map(([name, { title, important }]) => `  ${name.padEnd(11)}${title}${important ? ' (in quick)' : ''}`)
  .join('\n')}`

/** Exit codes: 0 all correctness checks passed, 1 one failed, 2 nothing to run. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { instances: { type: 'string', default: '1' } },
  })
  const quick = positionals.includes('quick')
  const asked = positionals.filter((name) => name !== 'quick')
  const unknown = asked.filter((name) => name !== 'all' && !benches[name])
  if (unknown.length > 0 || (asked.length === 0 && !quick)) {
    console.error(`${unknown.length > 0 ? `unknown benchmark ${unknown.join(', ')}\n` : ''}${USAGE}`)
    return unknown.length > 0 ? 2 : 0
  }
  const names = Object.keys(benches).filter((name) =>
    asked.length === 0 ? benches[name]?.important : asked.includes('all') || asked.includes(name),
  )
  machine()
  let failedChecks = 0
  for (const name of names)
    failedChecks += await runBench(name, { quick, instances: Number(values.instances) })
  heading(
    failedChecks === 0 ? 'All correctness checks passed.' : `${failedChecks} correctness checks failed.`,
  )
  return failedChecks === 0 ? 0 : 1
}

async function runBench(name: string, options: { quick: boolean; instances: number }): Promise<number> {
  const context = createBenchContext(name, options)
  const startedMs = performance.now()
  step(`${name}: ${benches[name]?.title}`)
  try {
    await benches[name]?.run(context)
  } catch (error) {
    context.check(
      `${name} completed`,
      error instanceof Error ? (error.stack ?? error.message) : String(error),
      false,
      'yes',
    )
  }
  fact(`${name}: raw data`, `${context.save()} (${((performance.now() - startedMs) / 1_000).toFixed(0)} s)`)
  return context.failedChecks()
}

// Some benches use the local SNS and SQS directly, which accept any credentials.
process.env.AWS_ACCESS_KEY_ID ??= 'local'
process.env.AWS_SECRET_ACCESS_KEY ??= 'local'
process.exitCode = await main().catch((error) => {
  console.error(pc.red(error instanceof Error ? error.message : String(error)))
  return 2
})
