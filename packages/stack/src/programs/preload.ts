import { existsSync, readFileSync } from 'node:fs'
import { enableCompileCache, SourceMap } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { COMPILED, PROGRAMS } from './workspace.ts'

// Runs before a built program.
enableCompileCache(COMPILED)

// Stacks show files and lines of the sources. `--enable-source-maps` would read all maps at every start, a
// quarter of its time; here a map is read for the first stack that needs it. A program that has failed may
// take that time.
const maps = new Map<string, SourceMap | null>()
Error.prepareStackTrace = (error, frames) =>
  [headOf(error), ...frames.map((frame) => `    at ${describe(frame)}`)].join('\n')

// Some libraries, such as Stripe's, create an error per call for its stack alone: the same positions repeat.
const PLACES_MAX = 2_000
const places = new Map<string, string>()

function describe(frame: NodeJS.CallSite): string {
  const text = String(frame)
  const known = places.get(text)
  if (known !== undefined) return known
  if (places.size >= PLACES_MAX) places.clear()
  const described = inSource(frame, text)
  places.set(text, described)
  return described
}

function inSource(frame: NodeJS.CallSite, text: string): string {
  const [url, line, column] = [
    frame.getScriptNameOrSourceURL() ?? '',
    frame.getLineNumber(),
    frame.getColumnNumber(),
  ]
  if (!url.startsWith('file:') || !line || !column) return text
  const file = fileURLToPath(url)
  const origin = findMap(file)?.findOrigin(line, column)
  if (!origin || !('fileName' in origin)) return text
  const source = path.resolve(path.dirname(file), origin.fileName)
  return text.replace(`${url}:${line}:${column}`, `${source}:${origin.lineNumber}:${origin.columnNumber}`)
}

function findMap(file: string): SourceMap | null {
  let map = maps.get(file)
  if (map === undefined) {
    map =
      file.startsWith(PROGRAMS) && existsSync(`${file}.map`)
        ? new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')))
        : null
    maps.set(file, map)
  }
  return map
}

/** The first line as V8 formats it; an error's own `toString` may throw. */
function headOf(error: Error): string {
  try {
    return String(error)
  } catch {
    return '<error>'
  }
}
