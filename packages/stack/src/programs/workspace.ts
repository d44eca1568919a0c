import path from 'node:path'

/** The root of the workspace, absolute. */
export const ROOT = path.resolve(import.meta.dirname, '../../../..')

/** Where builds are kept: a folder for each content hash. Deleted with `node_modules`. */
export const PROGRAMS = path.join(ROOT, 'node_modules/.cache/boxoffice/programs')

/**
 * V8's compile cache of them, and of whatever the bootstrap starts: it sets `NODE_COMPILE_CACHE` to this. A
 * new build empties it.
 */
export const COMPILED = path.join(ROOT, 'node_modules/.cache/boxoffice/compiled')

/** Programs that run as processes; `file` is relative to the root, with forward slashes. */
export const isProgram = (file: string): boolean =>
  /^(packages|services)\/[^/]+\/src\/([^/]+\/)?main\.ts$/.test(file)

/** Runs before each built program. */
export const PRELOAD = 'packages/stack/src/programs/preload.ts'
