import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** Reads a file of an installed package, such as `dejavu-fonts-ttf/ttf/DejaVuSansMono-Bold.ttf`. */
export const readInstalled = (name: string): Buffer => readFileSync(require.resolve(name))
