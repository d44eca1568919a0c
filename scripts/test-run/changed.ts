import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { execaSync } from 'execa'
import { importsOf, readSources, roomOf, root } from '../imports.ts'

const isTest = (file: string) => file.endsWith('.test.ts')

/**
 * Returns the files that differ from `revision`: committed, staged, changed or new; paths from the root.
 * Throws if the revision does not exist.
 */
export function findChangedFiles(revision: string): string[] {
  const lines = (...args: string[]) => execaSync('git', args, { cwd: root }).stdout.split('\n')
  const all = [
    ...lines('diff', '--name-only', revision),
    ...lines('ls-files', '--others', '--exclude-standard'),
  ]
  return [...new Set(all)].filter((file) => file !== '')
}

/**
 * Returns the test files that a change affects: those that changed, and those that import a changed file,
 * directly or indirectly; `null` for all tests. Other dependencies: a test that starts a system runs every
 * program in it; other files of a package or service than TypeScript (SQL, Lua) affect all of it; documents,
 * images and settings at the root affect `scripts` and the tests of the README; build and test configuration
 * affects every test.
 */
export function selectTests(changed: readonly string[], sources = readSources()): string[] | null {
  if (
    changed.some((file) =>
      /^(package\.json|pnpm-|tsconfig|vitest\.config|patches\/|scripts\/(test-run\/|bootstrap))/.test(file),
    )
  )
    return null
  const tests = [...sources.keys()].filter(isTest)
  const touched = new Set(changed.filter((file) => sources.has(file)))
  for (const file of changed.filter((file) => !sources.has(file))) {
    const room = file.startsWith('infra/') ? 'infra' : roomOf(file)
    const reads = isRoom(room)
      ? (name: string) => name.startsWith(`${room}/`)
      : (name: string) => readsTheRoot(name)
    for (const name of sources.keys()) if (reads(name)) touched.add(name)
  }
  spread(touched, importersOf(sources))
  return tests.filter((file) => touched.has(file))
}

const isRoom = (room: string) => existsSync(path.join(root, room, 'package.json'))
const readsTheRoot = (file: string) =>
  file.startsWith('scripts/') || /^packages\/e2e\/test\/(readme|api-page)\.test\.ts$/.test(file)

/** Adds the importers of the files in `touched`, transitively. */
function spread(touched: Set<string>, importers: ReadonlyMap<string, readonly string[]>): void {
  const queue = [...touched]
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    for (const importer of importers.get(file) ?? []) {
      if (touched.has(importer)) continue
      touched.add(importer)
      queue.push(importer)
    }
  }
}

/** Returns, by file, the files that import it or start it as a program. */
function importersOf(sources: ReadonlyMap<string, string>): Map<string, string[]> {
  const entries = packageEntries(sources)
  const importers = new Map<string, string[]>()
  const add = (imported: string, importer: string) =>
    importers.set(imported, [...(importers.get(imported) ?? []), importer])
  for (const [file, source] of sources) {
    for (const name of importsOf(file, source)) add(entries.get(name) ?? name, file)
    for (const program of programsStartedBy(file, source, sources)) add(program, file)
  }
  return importers
}

/** Returns the file of each importable name (`@boxoffice/messaging/testing`). */
function packageEntries(sources: ReadonlyMap<string, string>): Map<string, string> {
  const rooms = new Set([...sources.keys()].map(roomOf).filter(isRoom))
  return new Map(
    [...rooms].flatMap((room) => {
      const { name, exports = {} } = JSON.parse(readFileSync(path.join(root, room, 'package.json'), 'utf8'))
      const all = typeof exports === 'string' ? { '.': exports } : (exports as Record<string, string>)
      return Object.entries(all).map(([as, file]): [string, string] => [
        path.posix.join(name, as),
        path.posix.join(room, file),
      ])
    }),
  )
}

/** A system starts every service and stand-in; other files start the programs whose paths they contain. */
function programsStartedBy(file: string, source: string, sources: ReadonlyMap<string, string>): string[] {
  if (file === 'packages/stack/src/system.ts') {
    return [...sources.keys()].filter((name) =>
      /^((services\/[^/]+|packages\/payment-sandbox)\/src|packages\/stack\/src\/[^/]+)\/main\.ts$/.test(name),
    )
  }
  const named = [...source.matchAll(/'([\w./-]+\.ts)'/g)].map(([, name = '']) => name)
  return named
    .flatMap((name) => [path.normalize(path.join(path.dirname(file), name)), name])
    .filter((name) => name !== file && !isTest(name) && sources.has(name))
}
