import type { Config } from '../config.ts'
import type { Terminal } from '../terminal.ts'

/** A value on the command line. `parse` throws an InputError with one sentence. */
export interface Operand {
  readonly summary: string
  readonly parse: (text: string) => unknown
  /** The values that are possible, for help, completion and suggestions; loaded when they are needed. */
  readonly values?: () => Promise<readonly string[]>
}
export interface Argument extends Operand {
  readonly optional?: true
}
/** An option with a value (`value` names it in help) or, without `parse`, a flag. */
export type Option =
  | (Operand & { readonly value: string; readonly default?: string })
  | { readonly summary: string }

export type Arguments = Readonly<Record<string, Argument>>
export type Options = Readonly<Record<string, Option>>

type ParsedArgument<A extends Argument> =
  | Awaited<ReturnType<A['parse']>>
  | (A extends { optional: true } ? undefined : never)
type ParsedOption<O extends Option> = O extends { parse: (text: string) => infer T }
  ? Awaited<T> | (O extends { default: string } ? never : undefined)
  : boolean

/** A command invocation with its parsed values. */
export interface Call<A extends Arguments = Arguments, O extends Options = Options> {
  readonly args: { readonly [K in keyof A]: ParsedArgument<A[K]> }
  readonly options: { readonly [K in keyof O]: ParsedOption<O[K]> }
  readonly config: Config
  readonly terminal: Terminal
  readonly json: boolean
  /** Print what would be done and change nothing. */
  readonly dryRun: boolean
  /**
   * Asks before a change, unless `--yes` or `--dry-run` was given. Throws a Failure if the operator declines,
   * an InputError if no one can be asked.
   */
  confirm(question: string): Promise<void>
}

/** What a command found or did: `text` for people, `document` for programs. */
export interface Result {
  readonly text: string
  readonly document: object
  /** 1: something needs attention, or was not done. */
  readonly exitCode?: 0 | 1
}

/**
 * What people and programs need to know about a command: help, completion and the pages in docs come of it.
 */
export interface CommandDefinition<A extends Arguments = Arguments, O extends Options = Options> {
  /** With its group: `sagas list`. */
  readonly name: string
  readonly summary: string
  /** More about it, in paragraphs. */
  readonly details?: string
  readonly args?: A
  readonly options?: O
  /** `asks`: has `--dry-run` and `--yes`. */
  readonly changes?: 'asks'
  /** The document of `--json`: `rows` names its list, if it is one; `fields` are those of a row. */
  readonly json?: { readonly rows?: string; readonly fields: readonly string[] }
  /** When the exit code is 1, as a clause. */
  readonly exit1: string
  /** Arguments after `boxoffice`, and what they do. */
  readonly examples: readonly (readonly [string, string])[]
  run(call: Call<A, O>): Promise<Result>
}

/** A group of commands and what it is about. */
export type Groups = Readonly<Record<string, string>>

/** Returns the options of a command, with those that every such command has. */
export function optionsOf({ options, changes, json }: CommandDefinition): Readonly<Record<string, Option>> {
  return {
    ...options,
    ...(changes === 'asks' && {
      dryRun: { summary: 'print what would be done and change nothing' },
      yes: { summary: 'do not ask for confirmation' },
    }),
    ...(json && {
      json: { summary: 'print JSON, for programs' },
      fields: {
        value: '<names>',
        summary: `print only these fields, as JSON: ${json.fields.join(', ')}`,
        parse: (text: string) => text,
      },
    }),
  }
}

/** Checks a definition and infers the types of its parsed values. */
export const defineCommand = <
  const A extends Arguments = Record<never, never>,
  const O extends Options = Record<never, never>,
>(
  definition: CommandDefinition<A, O>,
): CommandDefinition => definition as unknown as CommandDefinition
