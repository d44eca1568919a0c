import { defineCommand } from './command.ts'
import { printCompletionScript, shells } from './completion.ts'

export const completionCommand = defineCommand({
  name: 'completion',
  summary: 'print the completion script of a shell',
  details:
    'The script completes commands, options, and names of queues, services and message types, ' +
    'for `boxoffice` on the PATH: the folder bin of this repository has it.',
  args: {
    shell: { summary: 'bash, zsh or fish', parse: (text: string) => text, values: async () => shells },
  },
  exit1: 'never',
  examples: [
    ['completion bash > ~/.local/share/bash-completion/completions/boxoffice', 'for bash'],
    ['completion zsh > ~/.zfunc/_boxoffice', 'for zsh, with ~/.zfunc in fpath'],
    ['completion fish > ~/.config/fish/completions/boxoffice.fish', 'for fish'],
  ],
  async run({ args }) {
    printCompletionScript(args.shell)
    return { text: '', document: {} }
  },
})
