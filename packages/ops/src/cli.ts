import { Email, Role } from '@boxoffice/contracts'
import { Command, CommanderError } from 'commander'
import type { Config } from './config.ts'
import { InputError } from './failure.ts'
import { showStatus } from './status/status.ts'
import type { Terminal } from './terminal.ts'
import { grantRole } from './users/grant.ts'

const WHERE = `
Where the system is: what \`npm start\` runs from this folder (AUTH_PORT … and
AWS_PORT move its ports, here too). Or, when AUTH_URL, EVENTS_URL, TICKETS_URL,
PAYMENTS_URL and NOTIFICATIONS_URL are set, the one at those addresses; that
also takes AWS_REGION, AWS_ACCOUNT_ID and AWS credentials, and for \`users\`
SERVICE_PRIVATE_KEY, the key of boxoffice-cli as a JWK.

Exit codes: 0 all is well, or done; 1 something needs a look, or could not be
done; 2 wrong usage or configuration.`

/**
 * Run the CLI with these arguments (without node and program) and answer its exit code: 0 all is well, 1 something needs a look
 * or could not be done, 2 wrong usage or configuration.
 */
export async function runCli(args: readonly string[], config: Config, terminal: Terminal): Promise<0 | 1 | 2> {
  let exitCode: 0 | 1 | 2 = 0
  const program = buildProgram(config, terminal, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2 // it has said what is wrong
    if (!(error instanceof InputError)) throw error
    terminal.error(`${error.message}\n`)
    return 2
  }
}

function buildProgram(config: Config, terminal: Terminal, exitWith: (code: 0 | 1) => void): Command {
  const program = new Command('boxoffice')
    .description('Look after a Boxoffice: how its services and queues are, and who may run it.')
    .usage('<command> [options]')
    .helpOption('-h, --help', 'show this, or the help of a command')
    .helpCommand(false)
    .addHelpText('after', WHERE)
    .showHelpAfterError('(`boxoffice --help` shows what there is)')
    .exitOverride()
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.error,
      getOutHasColors: () => terminal.colours,
      getErrHasColors: () => terminal.colours,
      outputError: (text, write) => write(text.replace(/^error: /, '')),
    })

  program
    .command('status')
    .description('every service with its components, every queue with its depth, what waits to be published')
    .option('--json', 'for programs')
    .action(async ({ json = false }: { json?: boolean }) => exitWith(await showStatus(config, { json }, terminal)))

  const users = program.command('users').description('who may do what').usage('<command>').helpCommand(false)
  users
    .command('grant')
    .description('give a user a role; doing it again changes nothing')
    .argument('<email>', 'the address they registered with')
    .argument('<role>', `one of ${Role.options.join(', ')}`)
    .action(async (email: string, role: string) => {
      exitWith(await grantRole(config, { email: parseEmail(email), role: parseRole(role) }, terminal))
    })
  return program
}

function parseEmail(text: string): string {
  const email = Email.safeParse(text)
  if (!email.success) throw new InputError(`${text} is no mail address`)
  return email.data
}

function parseRole(text: string): Role {
  const role = Role.safeParse(text.toUpperCase())
  if (!role.success) throw new InputError(`there is no role ${text}, only ${Role.options.join(', ')}`)
  return role.data
}
