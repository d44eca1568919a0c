import { RootCommand, script } from '@bomb.sh/tab'
import { InputError } from '../failure.ts'
import { type CommandDefinition, type Groups, type Operand, type Option, optionsOf } from './command.ts'
import { kebab } from './words.ts'

export const shells = ['bash', 'zsh', 'fish'] as const

/** Prints the completion script of a shell; it calls `boxoffice complete -- <words>`. */
export function printCompletionScript(shell: string): void {
  if (!shells.some((each) => each === shell))
    throw new InputError(`there is no completion for ${shell}; there is for ${shells.join(', ')}`)
  script(shell, 'boxoffice', 'boxoffice')
}

type Offer = (value: string, description: string) => void
const offering = (values: readonly string[]) => (offer: Offer) => {
  for (const value of values) offer(value, '')
}

/** Prints what can follow these words of a command line, as the completion scripts read it. */
export async function complete(
  words: readonly string[],
  { commands, groups }: { commands: readonly CommandDefinition[]; groups: Groups },
): Promise<void> {
  const root = new RootCommand()
  for (const [name, summary] of Object.entries(groups)) root.command(name, summary)
  root.command('help', 'show the help of a command')
  for (const definition of commands) {
    const command = root.command(definition.name, definition.summary)
    // Values are loaded only for the command that is being typed.
    const isTyped = `${words.join(' ')} `.startsWith(`${definition.name} `)
    const valuesOf = async ({ values }: Operand) => (isTyped && values ? values() : [])
    for (const [name, argument] of Object.entries(definition.args ?? {}))
      command.argument(kebab(name), offering(await valuesOf(argument)))
    for (const [name, option] of Object.entries<Option>(optionsOf(definition))) {
      if ('parse' in option) command.option(kebab(name), option.summary, offering(await valuesOf(option)))
      else command.option(kebab(name), option.summary)
    }
  }
  root.parse([...words])
}
