import { type CommandDefinition, type Groups, type Option, optionsOf } from './command.ts'
import { flagsOf } from './program.ts'
import { kebab } from './words.ts'

/** The folder of the pages, from the root of the workspace. */
export const pagesFolder = 'docs/commands'

export const pageNameOf = ({ name }: CommandDefinition): string => `${name.replace(' ', '-')}.md`

/** Renders a command's page in Markdown. */
export function renderPage(definition: CommandDefinition): string {
  const { name, summary, details, args = {}, examples, exit1 } = definition
  const operands = Object.entries(args).map(([arg, { optional }]) =>
    optional ? `[${kebab(arg)}]` : `<${kebab(arg)}>`,
  )
  const rows: [string, string][] = [
    ...Object.entries(args).map(([arg, { summary }]): [string, string] => [`<${kebab(arg)}>`, summary]),
    ...Object.entries<Option>(optionsOf(definition)).map(([option, each]): [string, string] => [
      flagsOf(option, each),
      'default' in each && each.default ? `${each.summary} (${each.default})` : each.summary,
    ]),
  ]
  return [
    `# boxoffice ${name}`,
    '<!-- Made by `npm run command-pages` from the definition of the command. -->',
    sentence(summary),
    ...(details ? details.split('\n') : []),
    ['```sh', `boxoffice ${[name, ...operands].join(' ')} [options]`, '```'].join('\n'),
    ...(rows.length > 0
      ? [
          table(
            ['argument or option', 'meaning'],
            rows.map(([flag, text]) => [`\`${flag}\``, text]),
          ),
        ]
      : []),
    '## Examples',
    ['```sh', ...examples.flatMap(([line, what]) => [`# ${what}`, `boxoffice ${line}`]), '```'].join('\n'),
    '## Exit codes',
    `0: done, or all is well. 1: ${exit1}. 2: wrong usage or configuration.`,
  ]
    .map((part) => (/^[#`|<]/.test(part) ? part : wrapped(part)))
    .join('\n\n')
    .concat('\n')
}

/** Renders the list of all commands. */
export function renderIndex(commands: readonly CommandDefinition[], groups: Groups): string {
  const lines = commands.map((command): [string, string] => [
    `[\`${command.name}\`](${pageNameOf(command)})`,
    command.summary,
  ])
  return [
    '# boxoffice, the operators’ command line',
    '<!-- Made by `npm run command-pages` from the definitions of the commands. -->',
    wrapped(
      'On the machine of a developer: `npm run -s boxoffice -- <command>`, ' +
        'or `boxoffice <command>` with the folder `bin` on the PATH. On AWS: ' +
        '`npm run operate -- --env prod <command>` runs it inside the network; there it cannot ask, ' +
        'so commands that change something need `--yes`. `boxoffice help <command>` shows what these ' +
        'pages show; `boxoffice completion` prints a completion for bash, zsh and fish.',
    ),
    table(['command', 'what it does'], lines),
    wrapped(
      `Groups: ${Object.entries(groups)
        .map(([name, summary]) => `${name} (${summary})`)
        .join('; ')}.`,
    ),
  ]
    .join('\n\n')
    .concat('\n')
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

/** A table with columns of even width. */
function table(head: [string, string], rows: readonly [string, string][]): string {
  const cells = [head, ...rows].map(([left, right]): [string, string] => [left, right.replaceAll('|', '\\|')])
  const widths = [0, 1].map((column) => Math.max(...cells.map((row) => (row[column] ?? '').length)))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [
    line(cells[0] ?? []),
    line(widths.map((width) => '-'.repeat(width))),
    ...cells.slice(1).map(line),
  ].join('\n')
}

/** Breaks a paragraph into lines of 100 columns at most. */
function wrapped(text: string): string {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? ''
    if (last && last.length + word.length + 1 > 100) lines.push(word)
    else lines[lines.length - 1] = last ? `${last} ${word}` : word
  }
  return lines.join('\n')
}
