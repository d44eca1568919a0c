import { readFileSync } from 'node:fs'
import path from 'node:path'
import { execaSync } from 'execa'

export const root = path.join(import.meta.dirname, '..')

/**
 * Every TypeScript file of the workspace, tracked or new, by its path from the root, with what is written in
 * it.
 */
export const readSources = (): ReadonlyMap<string, string> => readTexts(['*.ts'])

/** The files of the working tree that match one of the patterns, as `readSources` gives them. */
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
    return [] // deleted, and not yet told git
  }
}

/** Whether a file belongs to tests alone. */
export const isTest = (file: string) => /\.test\.ts$|(^|\/)test\//.test(file)

/**
 * What a file imports: packages by name, files by their path from the root. Types vanish and bind nothing.
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

/** The folder of a package or service that a file is in: `services/tickets`. */
export const roomOf = (file: string) => file.split('/').slice(0, 2).join('/')
