import { Command } from 'commander'
import { InputError } from '../failure.ts'
import type { Terminal } from '../terminal.ts'
import { type CommandDefinition, type Groups, type Option, optionsOf } from './command.ts'
import { suggestionFor } from './suggestion.ts'
import { kebab } from './words.ts'

interface ProgramOptions {
  readonly commands: readonly CommandDefinition[]
  readonly groups: Groups
  readonly description: string
  readonly version: string
  readonly terminal: Terminal
  /** The text after the list of commands. */
  readonly footer: string
  run(
    definition: CommandDefinition,
    args: readonly (string | undefined)[],
    options: RawOptions,
  ): Promise<void>
}
/** As commander parsed them. */
export type RawOptions = Readonly<Record<string, string | boolean | undefined>>

/** Creates the parser of the command line from the definitions of its commands. */
export function createProgram(options: ProgramOptions): Command {
  const { terminal, groups } = options
  const program = new Command('boxoffice')
    .description(options.description)
    .usage('<command> [options]')
    .version(options.version, '--version', 'print the version')
    .helpOption('-h, --help', 'show this, or the help of a command')
    .helpCommand(false)
    .addHelpText('after', options.footer)
    .showHelpAfterError('(`boxoffice help` lists the commands)')
    .exitOverride()
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.error,
      getOutHasColors: () => terminal.colours,
      getErrHasColors: () => terminal.colours,
      getOutHelpWidth: () => 80,
      getErrHelpWidth: () => 80,
      outputError: (text, write) => write(text.replace(/^error: /, '')),
    })
    .configureHelp({ styleTitle: bold(terminal), styleCommandText: bold(terminal) })
  for (const [name, summary] of Object.entries(groups)) {
    const members = options.commands.filter((command) => command.name.startsWith(`${name} `))
    const names = members.map((command) => command.name.slice(name.length + 1)).join(', ')
    program
      .command(name)
      .description(summary)
      .summary(`${summary}: ${names}`)
      .usage('<command>')
      .helpCommand(false)
  }
  for (const definition of options.commands) addCommand(program, definition, options)
  program
    .command('help')
    .description('show the help of a command')
    .argument('[command...]', 'such as `dlq requeue`')
    .helpOption(false)
    .action((words: string[]) => findCommand(program, words).outputHelp())
  return program
}

/** Throws an InputError with the closest name if there is no such command. */
function findCommand(program: Command, words: readonly string[]): Command {
  return words.reduce((command, word) => {
    const found = command.commands.find((each) => each.name() === word)
    if (found) return found
    const names = command.commands.map((each) => each.name())
    throw new InputError(`there is no command ${words.join(' ')}${suggestionFor(word, names)}`)
  }, program)
}

const bold = (terminal: Terminal) => (text: string) =>
  terminal.colours ? `\u001b[1m${text}\u001b[22m` : text

function addCommand(program: Command, definition: CommandDefinition, { run }: ProgramOptions): void {
  const [last = '', group] = definition.name.split(' ').reverse()
  const parent = group === undefined ? program : program.commands.find((each) => each.name() === group)
  if (!parent) throw new Error(`no group for the command ${definition.name}`)
  const command = parent.command(last).description(definition.summary)
  for (const [name, { summary, optional }] of Object.entries(definition.args ?? {}))
    command.argument(optional ? `[${kebab(name)}]` : `<${kebab(name)}>`, summary)
  for (const [name, option] of Object.entries(optionsOf(definition)))
    command.option(flagsOf(name, option), option.summary, 'default' in option ? option.default : undefined)
  command.addHelpText('after', `\n${helpText(definition)}`)
  command.action((...given: unknown[]) => {
    const [, raw, ...args] = given.reverse() as [Command, RawOptions, ...(string | undefined)[]]
    return run(definition, args.reverse(), raw)
  })
}

export const flagsOf = (name: string, option: Option): string =>
  'value' in option ? `--${kebab(name)} ${option.value}` : `--${kebab(name)}`

/** Details, examples and exit codes of a command, for its help. */
function helpText({ details, examples, exit1 }: CommandDefinition): string {
  const widest = Math.max(...examples.map(([line]) => line.length))
  const shown = examples.map(([line, what]) =>
    widest + what.length + 17 <= 80
      ? `  boxoffice ${line.padEnd(widest)}   # ${what}`
      : `  # ${what}\n  boxoffice ${line}`,
  )
  return [
    ...(details ? [`${wrapped(details)}\n`] : []),
    'Examples:',
    ...shown,
    '',
    wrapped(`Exit codes: 0 done, or all is well; 1 ${exit1}; 2 wrong usage or configuration.`),
  ].join('\n')
}

/** Breaks paragraphs into lines of 80 columns at most. */
function wrapped(text: string): string {
  return text
    .split('\n')
    .map((paragraph) => paragraph.replace(/(?![^\n]{1,80}$)([^\n]{1,80}) /g, '$1\n'))
    .join('\n')
}
