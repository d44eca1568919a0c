import { readFileSync } from 'node:fs'
import path from 'node:path'
import { execaSync } from 'execa'

export const root = path.join(import.meta.dirname, '..')

/** Reads every TypeScript file of the workspace, tracked or new: contents by path from the root. */
export const readSources = (): ReadonlyMap<string, string> => readTexts(['*.ts'])

/** Reads the files of the working tree that match one of the patterns: contents by path. */
export function readTexts(patterns: readonly string[]): ReadonlyMap<string, string> {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns]
  const { stdout } = execaSync('git', args, { cwd: root })
  const files = stdout.split('\n').filter((file) => file !== '' && !file.includes('/generated/'))
  return new Map(files.flatMap((file) => readIfThere(file)))
}

function readIfThere(file: string): [string, string][] {
  try {
    return [[file, readFileSync(path.join(root, file), 'utf8')]]
  } catch {
    return [] // deleted, but still in the index
  }
}

/** Returns whether a file belongs to tests only. */
export const isTest = (file: string) => /\.test\.ts$|(^|\/)test\//.test(file)

/**
 * Returns what a file imports: packages by name, files by path from the root. `types: false` leaves out
 * type-only imports, which vanish at run time.
 */
export const importsOf = (file: string, source: string, options = { types: true }): string[] =>
  [
    ...source.matchAll(
      /^(?:import|export)\s+(type\s)?[^'"]*?from\s+['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]/gm,
    ),
  ]
    .filter(([, type]) => options.types || !type)
    .map(([, , from, bare]) => from ?? bare ?? '')
    .map((name) => (name.startsWith('.') ? path.normalize(path.join(path.dirname(file), name)) : name))

/** Returns the folder of the package or service that contains a file: `services/tickets`. */
export const roomOf = (file: string) => file.split('/').slice(0, 2).join('/')
