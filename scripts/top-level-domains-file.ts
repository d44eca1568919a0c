import path from 'node:path'
import tlds from 'tlds' with { type: 'json' }

/** The file that has them, in contracts: those import no package but zod. */
export const topLevelDomainsFile = path.join(
  import.meta.dirname,
  '../packages/contracts/src/values/top-level-domains.ts',
)

const COLUMNS_MAX = 108

/** What stands in that file: the endings of the root zone that the package `tlds` has of IANA, in lines. */
export function topLevelDomainsText(): string {
  const lines = ['']
  for (const ending of tlds.toSorted()) {
    const longer = `${lines.at(-1)} ${ending}`.trimStart()
    if (longer.length <= COLUMNS_MAX) lines[lines.length - 1] = longer
    else lines.push(ending)
  }
  return [
    '// Made by `npm run top-level-domains` of the package `tlds`, which has IANA’s list; not written by hand.',
    '',
    '/** Every ending that the root zone had then, in lower case, with a space or a line break between them. */',
    `export const topLevelDomains = \`\n${lines.join('\n')}\n\``,
    '',
  ].join('\n')
}
