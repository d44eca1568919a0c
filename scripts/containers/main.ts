import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { makeBaseImages, NODE_IMAGE } from './base-images.ts'
import { findEngine, makeEngine, type Undo } from './engine.ts'
import { createReport } from './report.ts'
import { runSystem } from './system.ts'
import { runTests } from './tests.ts'

// `npm run containers` runs the system in containers: builds, starts, buys, kills, stops, and says what it
// saw. `npm run containers -- test [files]` runs the tests on containers. Where no Docker engine answers it
// makes one.
const USAGE =
  'usage: npm run containers [-- --standin]    build, start, buy, kill, stop; a table of what was seen\n' +
  `       npm run containers -- test [files]   STACK=docker npm test

--standin   our own SNS, SQS and mailbox instead of LocalStack (always, where the engine is made here)`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { standin: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
})
const [command, ...files] = positionals
if (values.help || (command !== undefined && command !== 'test')) {
  console.log(USAGE)
  process.exit(values.help ? 0 : 2)
}

const report = createReport()
const undo: Undo = []
async function cleanUp(): Promise<void> {
  for (let last = undo.pop(); last; last = undo.pop()) await last()
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // It may come from the terminal, from npm and from the bootstrap: the first one counts.
  process.on(signal, async () => {
    if (undo.length === 0) return
    console.error(`${signal}: cleaning up`)
    await cleanUp()
    process.exit(130)
  })
}

try {
  const scratch = await mkdtemp(path.join(tmpdir(), 'boxoffice-containers-'))
  undo.push(() => rm(scratch, { recursive: true, force: true }))
  const engine = await report.step('engine', async ({ saw }) => {
    const found = await findEngine()
    const engine = found ?? (await makeEngine(path.join(scratch, 'engine'), undo))
    saw(`${engine.about}, ${found ? "this machine's own" : 'made for this run'}`)
    return engine
  })
  if (engine.made)
    await report.step('base images', async ({ saw }) => {
      await makeBaseImages(engine, scratch)
      saw('node, postgres and valkey from npm and Debian packages')
    })
  const env = engine.made ? { NODE_IMAGE, ...caOfThisMachine() } : {}
  const standin = values.standin || engine.made
  await (command === 'test' ? runTests : runSystem)({ engine, report, standin, env, files, undo })
} catch (error) {
  report.fail(error)
} finally {
  await report.step('cleaning up', cleanUp)
}
report.print()
process.exitCode = report.failed() ? 1 : 0

/**
 * What a made engine's builds need to reach npm where this machine's own network has a proxy with a CA of its
 * own.
 */
function caOfThisMachine(): Record<string, string> {
  const { NODE_EXTRA_CA_CERTS } = process.env
  return NODE_EXTRA_CA_CERTS ? { BUILD_CA: NODE_EXTRA_CA_CERTS } : {}
}
