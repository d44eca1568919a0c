import process from 'node:process'
import { createInterface } from 'node:readline/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import pc from 'picocolors'
import { runCli } from './cli.ts'
import { createProgress } from './terminal.ts'

process.stdout.on('error', () => {}) // the reader of our output has gone, as in `boxoffice status | head`

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => stop.abort()) // a second one ends the process at once
}

async function loadConfig() {
  const config = (await import('./config.ts')).loadConfig(process.env, '.boxoffice')
  Object.assign(process.env, config.awsCredentials) // where the AWS SDK reads them
  return config
}

async function ask(question: string): Promise<string> {
  const readline = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await readline.question(question, { signal: stop.signal })
  } catch {
    return '' // Ctrl-C means no
  } finally {
    readline.close()
  }
}

const isTerminal = process.stdout.isTTY === true // undefined for files and pipes
const write = (text: string) => process.stderr.write(text)
process.exitCode = await runCli(process.argv.slice(2), loadConfig, {
  out: (text) => process.stdout.write(text),
  error: write,
  ...(process.stdin.isTTY && { ask }),
  progress: (text) =>
    createProgress({ text, write, isTerminal: process.stderr.isTTY, nowMs: () => performance.now() }),
  signal: stop.signal,
  colours: isTerminal && pc.isColorSupported,
  live: isTerminal,
  /** npm changes to the root of the workspace; the operator's folder is the one before. */
  folder: process.env.INIT_CWD ?? process.cwd(),
  now: () => new Date(),
  wait: (ms) => sleep(ms, undefined, { signal: stop.signal }).catch(() => {}),
})
