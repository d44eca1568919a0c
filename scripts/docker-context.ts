import { readFileSync } from 'node:fs'
import path from 'node:path'

/**
 * Returns the files (paths from the root) that `docker build` sends, according to .dockerignore. As in
 * Docker, the last matching line decides, a line matches everything below a folder, and a star matches names
 * that begin with a dot.
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
