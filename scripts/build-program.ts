import { cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { build, stop } from 'esbuild'
import { type Program, type ProgramName, programs } from './program-list.ts'

const ROOT = path.join(import.meta.dirname, '..')

/** Describes a finished build. */
export interface Built {
  readonly name: ProgramName
  /** Absolute path. */
  readonly folder: string
  /** Total size of the folder. */
  readonly bytes: number
  readonly files: number
  /** npm packages whose code is in the bundle. */
  readonly packages: readonly string[]
  /** Workspace files whose code is in the bundle; paths from the root. */
  readonly sources: readonly string[]
}

// CommonJS packages use these; ES modules do not have them.
const PRELUDE = `import { createRequire as createRequireOfBundle } from 'node:module'
const require = createRequireOfBundle(import.meta.url)
const __filename = import.meta.filename, __dirname = import.meta.dirname`

/**
 * Bundles a program with every file that it reads into a folder, by default `dist/<program>`. Node.js runs
 * `main.js` there without sources and, fonts apart, without `node_modules`. Empties the folder first. Throws
 * esbuild's error if an import cannot be resolved.
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
    splitting: true, // threads share chunks, and dynamic imports stay lazy
    platform: 'node',
    format: 'esm',
    target: 'node26',
    minifySyntax: true, // keeps names and lines, so that stacks and profiles stay readable
    sourcemap: 'linked',
    sourcesContent: false, // stack traces need only file, line and column
    legalComments: 'eof',
    banner: { js: PRELUDE },
    external: ['pg-native', '@napi-rs/nice'], // optional native modules of pg and piscina
    metafile: true,
    logLevel: 'silent', // errors are thrown
  }).finally(stop) // stop esbuild's process
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

/** Returns the npm packages that contain these files: the innermost `…/node_modules/<name>/…`. */
const packagesOf = (files: readonly string[]): string[] =>
  [...new Set(files.flatMap((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []))].sort()
