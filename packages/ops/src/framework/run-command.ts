import type { Config } from '../config.ts'
import { Failure, InputError } from '../failure.ts'
import type { Terminal } from '../terminal.ts'
import type { Call, CommandDefinition, Operand, Option } from './command.ts'
import { parseFields, renderDocument } from './document.ts'
import type { RawOptions } from './program.ts'
import { suggestionFor } from './suggestion.ts'
import { kebab } from './words.ts'

/** Parses the values of a command, runs it and prints its result; returns the exit code. */
export async function runCommand(
  definition: CommandDefinition,
  given: { args: readonly (string | undefined)[]; options: RawOptions },
  { loadConfig, terminal }: { loadConfig: () => Promise<Config>; terminal: Terminal },
): Promise<0 | 1> {
  const raw = given.options
  const fields = raw.fields === undefined ? undefined : parseFields(String(raw.fields), definition)
  const [yes, dryRun, json] = [
    raw.yes === true,
    raw.dryRun === true,
    raw.json === true || fields !== undefined,
  ]
  const call: Call = {
    args: await parsedArguments(definition, given.args),
    options: await parsedOptions(definition, raw),
    config: await loadConfig(),
    terminal,
    json,
    dryRun,
    confirm: (question) => confirm(terminal, question, { skip: yes || dryRun }),
  }
  const { text, document, exitCode = 0 } = await definition.run(call)
  terminal.out(json ? renderDocument(document, definition, fields) : text)
  return exitCode
}

async function parsedArguments({ args = {} }: CommandDefinition, given: readonly (string | undefined)[]) {
  const parsed = Object.entries(args).map(async ([name, operand], index) => {
    const text = given[index]
    return [name, text === undefined ? undefined : await parsedValue(kebab(name), operand, text)] as const
  })
  return Object.fromEntries(await Promise.all(parsed))
}

async function parsedOptions({ options = {} }: CommandDefinition, raw: RawOptions) {
  const parsed = Object.entries<Option>(options).map(async ([name, option]) => {
    const value = raw[name]
    if (!('parse' in option)) return [name, value === true] as const
    return [
      name,
      value === undefined ? undefined : await parsedValue(`--${kebab(name)}`, option, String(value)),
    ] as const
  })
  return Object.fromEntries(await Promise.all(parsed))
}

/** A value that is not one of the possible ones is refused with the closest of them. */
async function parsedValue(name: string, { parse, values }: Operand, text: string): Promise<unknown> {
  const possible = await values?.()
  try {
    return await parse(text)
  } catch (error) {
    if (!(error instanceof InputError) || !possible) throw error
    throw new InputError(`${error.message}${suggestionFor(text, possible)}`, { cause: name })
  }
}

async function confirm(terminal: Terminal, question: string, { skip }: { skip: boolean }): Promise<void> {
  if (skip) return
  if (!terminal.ask) throw new InputError(`${question} Pass --yes (or --dry-run): this is not a terminal`)
  if (!/^y(es)?$/i.test(await terminal.ask(`${question} [y/N] `)))
    throw new Failure('DECLINED', 'nothing was changed')
}
