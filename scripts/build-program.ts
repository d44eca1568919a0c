import { cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { build, stop } from 'esbuild'
import { type Program, type ProgramName, programs } from './program-list.ts'

const ROOT = path.join(import.meta.dirname, '..')

/** What was built, for a person or a test to look at. */
export interface Built {
  readonly name: ProgramName
  /** Absolute. */
  readonly folder: string
  /** Of everything in the folder. */
  readonly bytes: number
  readonly files: number
  /** Of these npm packages is code in it. */
  readonly packages: readonly string[]
  /** Of these files of the workspace is code in it; paths from its root. */
  readonly sources: readonly string[]
}

// Packages from before ES modules ask for these; a module has none.
const PRELUDE = `import { createRequire as createRequireOfBundle } from 'node:module'
const require = createRequireOfBundle(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname`

/**
 * Bundle a program into a folder, `dist/<program>` where none is named, together with every file that it
 * reads: Node.js runs `main.js` there, with no `node_modules` but fonts and no source. The folder is emptied
 * first. Throws with esbuild's words when something is missing.
 */
export async function buildProgram(
  name: ProgramName,
  folder = path.join(ROOT, 'dist', name),
): Promise<Built> {
  const program: Program = programs[name]
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: program.entries,
    outdir: folder,
    bundle: true,
    splitting: true, // threads share what they have in common, and what is imported late is read late
    platform: 'node',
    format: 'esm',
    target: 'node26',
    minifySyntax: true, // names and lines stay: stacks and profiles are for people
    sourcemap: 'linked',
    sourcesContent: false, // file, line and column are enough for a stack
    legalComments: 'eof',
    banner: { js: PRELUDE },
    external: ['pg-native', '@napi-rs/nice'], // pg and piscina ask for them and go on without: machine code of one platform
    metafile: true,
    logLevel: 'silent', // what goes wrong is thrown
  }).finally(stop) // its process
  for (const { from, to } of program.files) {
    await cp(path.join(ROOT, from), path.join(folder, to), { recursive: true, dereference: true })
  }
  await writeFile(
    path.join(folder, 'package.json'),
    `${JSON.stringify({ name: `boxoffice-${name}`, private: true, type: 'module' })}\n`,
  )
  const inputs = Object.keys(metafile.inputs)
  const sources = inputs.filter((file) => !file.includes('node_modules/') && !file.startsWith('<'))
  return { name, folder, ...(await sizeOf(folder)), packages: packagesOf(inputs), sources }
}

async function sizeOf(folder: string): Promise<Pick<Built, 'bytes' | 'files'>> {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  )
  const sizes = await Promise.all(
    entries.map(async (entry) => (await stat(path.join(entry.parentPath, entry.name))).size),
  )
  return { bytes: sizes.reduce((sum, size) => sum + size, 0), files: sizes.length }
}

/** The npm packages that these files are of: `…/node_modules/<name>/…`, the innermost. */
const packagesOf = (files: readonly string[]): string[] =>
  [...new Set(files.flatMap((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []))].sort()
