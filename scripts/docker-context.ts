import { readFileSync } from 'node:fs'
import path from 'node:path'

/**
 * Of these files (paths from the root) those that `docker build` sends: what .dockerignore does not leave
 * out. As Docker has it, the last line that fits decides, a line fits all below a folder too, and a star
 * takes names that begin with a dot.
 */
export function dockerContext(root: string, files: readonly string[]): string[] {
  const rules = readFileSync(path.join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ sent: line.startsWith('!'), fits: fitting(line.replace(/^!/, '')) }))
  return files.filter((file) => rules.findLast(({ fits }) => fits.test(file))?.sent ?? true)
}

function fitting(pattern: string): RegExp {
  const source = pattern.replace(/\*\*\/|\*|[.+^$()[\]{}|\\]/g, (part) => {
    if (part === '**/') return '(?:.*/)?'
    return part === '*' ? '[^/]*' : `\\${part}`
  })
  return new RegExp(`^${source}(?:/.*)?$`)
}
