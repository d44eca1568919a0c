import { CommanderError } from 'commander'
import manifest from '../package.json' with { type: 'json' }
import { commands, groups } from './commands.ts'
import type { Config } from './config.ts'
import { Failure, InputError } from './failure.ts'
import { complete } from './framework/completion.ts'
import { createProgram } from './framework/program.ts'
import { runCommand } from './framework/run-command.ts'
import type { Terminal } from './terminal.ts'

const DESCRIPTION =
  'Operates a Boxoffice: its services, purchases, messages, queues, dead letters, read side, ' +
  'databases and users.'

export const WHERE = `
Where the system is: what \`npm start\` runs from this folder (AUTH_PORT … and
AWS_PORT move its ports, here too). Or, when AUTH_URL, EVENTS_URL, TICKETS_URL,
PAYMENTS_URL, NOTIFICATIONS_URL and ANALYTICS_URL are set, the one at those
addresses; that also takes AWS_REGION, AWS_ACCOUNT_ID, AWS credentials, and
SERVICE_PRIVATE_KEY, the key of boxoffice-cli as a JWK.

Exit codes: 0 all is well, or done; 1 something needs a look, or could not be
done; 2 wrong usage or configuration. With --json errors are JSON too.`

/**
 * Runs the CLI with these arguments (without node and program) and returns its exit code: 0 all is well, 1
 * something needs attention or failed, 2 invalid usage or configuration. The configuration is loaded when a
 * command runs: help and completion start faster without.
 */
export async function runCli(
  args: readonly string[],
  loadConfig: () => Promise<Config>,
  terminal: Terminal,
): Promise<0 | 1 | 2> {
  const [first, second, ...words] = args
  if (first === 'complete' && second === '--') {
    await complete(words, { commands, groups })
    return 0
  }
  const json = args.some((arg) => arg === '--json' || arg.startsWith('--fields'))
  const usageErrors: string[] = []
  let exitCode: 0 | 1 = 0
  const program = createProgram({
    commands,
    groups,
    description: DESCRIPTION,
    version: manifest.version,
    terminal: json ? { ...terminal, error: (text) => usageErrors.push(text.trim()) } : terminal,
    footer: WHERE,
    async run(definition, given, options) {
      exitCode = await runCommand(definition, { args: given, options }, { loadConfig, terminal })
    },
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0
      if (json) terminal.error(errorJson('USAGE', usageErrors.filter(Boolean).join(' ')))
      return 2
    }
    if (!(error instanceof InputError) && !(error instanceof Failure)) throw error
    const code = error instanceof Failure ? error.code : 'USAGE'
    terminal.error(json ? errorJson(code, error.message) : `${error.message}\n`)
    return error instanceof Failure ? 1 : 2
  }
}

const errorJson = (error: string, message: string) => `${JSON.stringify({ error, message })}\n`
