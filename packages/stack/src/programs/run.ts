import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { findProgram, prepareProgram } from './program.ts'

// The program that the bootstrap starts: `run.ts <program> [arguments]` runs that program in its built form.
const SYSTEM = 'packages/stack/src/main.ts'
const [node = '', , source = '', ...args] = process.argv
const log = (line: string) => process.stderr.write(`· ${line}\n`)
// The system does not wait for a build here: it downloads and starts its stores meanwhile.
const { file, preload } = source === SYSTEM ? findProgram(source) : await prepareProgram(source, log)
process.argv = [node, file, ...args]
if (preload) await import(pathToFileURL(preload).href)
await import(pathToFileURL(file).href)
