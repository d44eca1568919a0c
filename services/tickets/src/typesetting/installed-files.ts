import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** A file of an installed package, by its name in it: `dejavu-fonts-ttf/ttf/DejaVuSansMono-Bold.ttf`. */
export const readInstalled = (name: string): Buffer => readFileSync(require.resolve(name))
