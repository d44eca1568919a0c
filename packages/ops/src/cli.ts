import { isFromOutside, messages, type QueueName, queueNames, Role } from '@boxoffice/contracts'
import { Command, CommanderError } from 'commander'
import { cancelRebuild, rebuildProjection, showProjection } from './analytics/projection.ts'
import { parseCount, parseEmail, parseQueue, parseRole } from './arguments.ts'
import type { Config } from './config.ts'
import { listDeadLetters, peekDeadLetters, purgeDeadLetters, requeueDeadLetters } from './dlq/commands.ts'
import { InputError } from './failure.ts'
import { migrateDatabases } from './migrate/migrate.ts'
import { purgeQueue } from './queues/purge.ts'
import { showStatus } from './status/status.ts'
import type { Terminal } from './terminal.ts'
import { grantRole } from './users/grant.ts'

const WHERE = `
Where the system is: what \`npm start\` runs from this folder (AUTH_PORT … and
AWS_PORT move its ports, here too). Or, when AUTH_URL, EVENTS_URL, TICKETS_URL,
PAYMENTS_URL, NOTIFICATIONS_URL and ANALYTICS_URL are set, the one at those
addresses; that also takes AWS_REGION, AWS_ACCOUNT_ID and AWS credentials, and
for \`users\` and \`analytics\` SERVICE_PRIVATE_KEY, the key of boxoffice-cli
as a JWK.

Exit codes: 0 all is well, or done; 1 something needs a look, or could not be
done; 2 wrong usage or configuration.`

const MIGRATE = `
The server: DATABASE_ADMIN_URL (postgres://admin@host:5432/postgres), with
DATABASE_ADMIN_PASSWORD where the URL has none. The administrator needs createdb
and createrole, no more. DATABASE_LOGIN says how services log in: password (the
default; AUTH_DATABASE_PASSWORD … ANALYTICS_DATABASE_PASSWORD, one each) or
iam (TLS to Amazon's server, no passwords). DATABASE_PREFIX goes before the
names of databases and roles.`

/**
 * Runs the CLI with these arguments (without node and program) and returns its exit code: 0 all is well, 1
 * something needs attention or failed, 2 invalid usage or configuration.
 */
export async function runCli(
  args: readonly string[],
  config: Config,
  terminal: Terminal,
): Promise<0 | 1 | 2> {
  let exitCode: 0 | 1 | 2 = 0
  const program = buildProgram(config, terminal, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2 // commander has printed what is wrong
    if (!(error instanceof InputError)) throw error
    terminal.error(`${error.message}\n`)
    return 2
  }
}

function buildProgram(config: Config, terminal: Terminal, exitWith: (code: 0 | 1) => void): Command {
  const program = new Command('boxoffice')
    .description(
      'Operates a Boxoffice: its services and queues, dead letters, read side, databases and roles.',
    )
    .usage('<command> [options]')
    .helpOption('-h, --help', 'show this, or the help of a command')
    .helpCommand(false)
    .addHelpText('after', WHERE)
    .showHelpAfterError('(`boxoffice --help` lists the commands)')
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
    .description(
      'show every service with its components, every queue with its depth, and unpublished messages',
    )
    .option('--json', 'for programs')
    .action(async ({ json = false }: { json?: boolean }) =>
      exitWith(await showStatus(config, { json }, terminal)),
    )

  addDeadLetterCommands(program, config, terminal, exitWith)

  const queue = program.command('queue').description('live queues').usage('<command>').helpCommand(false)
  queue
    .command('purge')
    .description('delete every message of a live queue for good; asks for its name again')
    .argument('<queue>', `one of ${queueNames.join(', ')}`)
    .option('--confirm <queue>', 'the same name again, for runs without a terminal')
    .option('--json', 'for programs')
    .action(async (name: string, { confirm, json = false }: { confirm?: string; json?: boolean }) =>
      exitWith(
        await purgeQueue(
          config,
          parseQueue(name),
          { json, ...(confirm !== undefined && { confirm }) },
          terminal,
        ),
      ),
    )

  program
    .command('migrate')
    .description('create missing databases and roles, and apply missing migrations')
    .option('--plan', 'print what would be done and change nothing')
    .addHelpText('after', MIGRATE)
    .action(async ({ plan = false }: { plan?: boolean }) =>
      exitWith(await migrateDatabases(config, { plan }, terminal)),
    )

  addAnalyticsCommands(program, config, terminal, exitWith)

  const users = program
    .command('users')
    .description('manage the roles of users')
    .usage('<command>')
    .helpCommand(false)
  users
    .command('grant')
    .description('grant a role to a user; safe to repeat')
    .argument('<email>', 'the address the user registered with')
    .argument('<role>', `one of ${Role.options.join(', ')}`)
    .action(async (email: string, role: string) => {
      exitWith(await grantRole(config, { email: parseEmail(email), role: parseRole(role) }, terminal))
    })
  return program
}

function addAnalyticsCommands(
  program: Command,
  config: Config,
  terminal: Terminal,
  exitWith: (code: 0 | 1) => void,
): void {
  const analytics = program
    .command('analytics')
    .description('show and rebuild the read side')
    .usage('<command>')
    .helpCommand(false)
  const about = (name: string, description: string) =>
    analytics.command(name).description(description).option('--json', 'for programs')

  about('status', 'show the served projection, its lag and its last rebuild').action(
    async ({ json = false }: { json?: boolean }) =>
      exitWith(await showProjection(config, { json }, terminal)),
  )
  about('rebuild', 'rebuild the projection from the archived messages, beside the one that is served')
    .option('--detach', 'do not wait for the end')
    .addHelpText(
      'after',
      '\nFollows the running rebuild, if any. Ctrl-C stops following; the rebuild continues.',
    )
    .action(async ({ json = false, detach = false }: { json?: boolean; detach?: boolean }) =>
      exitWith(await rebuildProjection(config, { json, detach }, terminal)),
    )
  about(
    'cancel',
    'cancel the running rebuild and discard what it has built; the served projection stays',
  ).action(async ({ json = false }: { json?: boolean }) =>
    exitWith(await cancelRebuild(config, { json }, terminal)),
  )
}

interface SelectionOptions {
  type?: string
  id?: string
  limit?: string
  json?: boolean
}
interface ChangeOptions extends SelectionOptions {
  dryRun?: boolean
  yes?: boolean
  maxRedrives: string
}

function addDeadLetterCommands(
  program: Command,
  config: Config,
  terminal: Terminal,
  exitWith: (code: 0 | 1) => void,
): void {
  const dlq = program
    .command('dlq')
    .description('manage dead letters: messages that a service could not handle')
    .usage('<command>')
    .helpCommand(false)
    .addHelpText(
      'after',
      '\nA queue is given by its own name or that of its dead-letter queue: notification-queue, notification-dlq.',
    )
  const about = (name: string, description: string) =>
    dlq
      .command(name)
      .description(description)
      .argument('<queue>', `one of ${queueNames.join(', ')}`)
      .option('--type <eventType>', 'only messages of this type')
      .option('--id <messageId>', 'only the message with this id')
      .option('--json', 'for programs')
  const changing = (name: string, description: string) =>
    about(name, description)
      .option('--limit <count>', 'at most this many')
      .option('--dry-run', 'print what would be done and change nothing')
      .option('--yes', 'do not ask for confirmation')

  dlq
    .command('list')
    .description('list every dead-letter queue with its number of letters; exit code 1 if there are any')
    .option('--json', 'for programs')
    .action(async ({ json = false }: SelectionOptions) =>
      exitWith(await listDeadLetters(config, { json }, terminal)),
    )
  about('peek', 'show dead letters, and leave them where they are')
    .option('--limit <count>', 'at most this many', '10')
    .action(async (queue: string, options: SelectionOptions) =>
      exitWith(
        await peekDeadLetters(
          config,
          parseQueue(queue),
          parseSelection(parseQueue(queue), options),
          terminal,
        ),
      ),
    )
  changing('requeue', 'redrive dead letters to their queue: each is sent before it is deleted')
    .option('--max-redrives <count>', 'skip letters that were redriven this often already', '3')
    .action(async (queue: string, options: ChangeOptions) => {
      const maxRedrives = parseCount('--max-redrives', options.maxRedrives)
      exitWith(
        await requeueDeadLetters(
          config,
          parseQueue(queue),
          { ...parseChange(queue, options), maxRedrives },
          terminal,
        ),
      )
    })
  changing('purge', 'delete dead letters for good').action(async (queue: string, options: ChangeOptions) =>
    exitWith(await purgeDeadLetters(config, parseQueue(queue), parseChange(queue, options), terminal)),
  )
}

const parseChange = (queue: string, options: ChangeOptions) => ({
  ...parseSelection(parseQueue(queue), options),
  dryRun: options.dryRun ?? false,
  yes: options.yes ?? false,
})

function parseSelection(queue: QueueName, { type, id, limit, json = false }: SelectionOptions) {
  const isKnown = type === undefined || type === 'unknown' || messages.has(type) || isFromOutside(queue)
  if (!isKnown) throw new InputError(`there is no message type ${type}`)
  return { type, id, json, ...(limit !== undefined && { limit: parseCount('--limit', limit) }) }
}
