import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin, stop } from 'esbuild'
import { isProgram, PRELOAD, ROOT } from './workspace.ts'

// Packages from before ES modules use these; a module has none.
const PRELUDE = `import { createRequire as createRequireOfBundle } from 'node:module'
const require = createRequireOfBundle(import.meta.url)
const __filename = import.meta.filename, __dirname = import.meta.dirname`

/**
 * Not bundled: they read files beside themselves, or are large and used by one program, or are native code.
 * Everything else loads faster as part of a few large files than as hundreds of small ones.
 */
const STAYS = new RegExp(
  `^(${[
    'esbuild',
    '@napi-rs/canvas',
    'piscina',
    'unpdf',
    'testcontainers',
    '@scalar/fastify-api-reference',
    '@prisma/client/runtime/.*wasm-base64.*',
  ].join('|')})$`,
)

/** The bundled files: paths from the root of the workspace, with forward slashes. */
export interface Bundled {
  readonly programs: readonly string[]
  /** Files of the workspace, without packages. */
  readonly inputs: readonly string[]
}

/**
 * Bundles every program of the workspace into `folder`, at the path of its source with `.js`. A program reads
 * its other files (Lua, migrations, fonts) where they are in the workspace. Throws with esbuild's message on
 * an error.
 */
export async function bundlePrograms(folder: string): Promise<Bundled> {
  const programs = globSync('{packages,services}/*/src/{,*/}main.ts', { cwd: ROOT }).filter(isProgram).sort()
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [...programs, PRELOAD],
    outbase: ROOT,
    outdir: folder,
    bundle: true,
    splitting: true, // shared code is written once, and dynamic imports stay dynamic
    platform: 'node',
    format: 'esm',
    target: 'node26',
    minifySyntax: true, // names and lines stay readable in stacks and profiles
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    banner: { js: PRELUDE },
    external: ['pg-native', '@napi-rs/nice'], // optional dependencies of packages
    metafile: true,
    plugins: [leaveInPlace, keepPlace],
    logLevel: 'silent', // errors are thrown
  }).finally(stop) // its process
  const inputs = Object.keys(metafile.inputs).filter(
    (file) => !file.includes('node_modules/') && !file.startsWith('<'),
  )
  return { programs, inputs }
}

/**
 * Unbundled packages are referenced by absolute path: from the folder of a bundle Node.js would not find
 * them.
 */
const leaveInPlace: Plugin = {
  name: 'leave-in-place',
  setup({ onResolve, resolve }) {
    onResolve({ filter: STAYS }, async ({ path: name, kind, importer, resolveDir, pluginData }) => {
      if (pluginData === leaveInPlace) return null
      const found = await resolve(name, { kind, importer, resolveDir, pluginData: leaveInPlace })
      return found.errors.length > 0 ? found : { path: found.path, external: true }
    })
  },
}

/** `import.meta` of a workspace module points to its source. */
const keepPlace: Plugin = {
  name: 'keep-place',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path: file }) => {
      if (file.includes('/node_modules/')) return null
      const source = await readFile(file, 'utf8')
      if (!source.includes('import.meta.')) return null
      const places = { url: pathToFileURL(file).href, dirname: path.dirname(file), filename: file }
      const contents = source.replaceAll(
        /\bimport\.meta\.(url|dirname|filename)\b/g,
        (_, key: keyof typeof places) => JSON.stringify(places[key]),
      )
      return { contents, loader: 'ts' }
    })
  },
}
