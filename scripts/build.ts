import { buildProgram } from './build-program.ts'
import { type ProgramName, programNames } from './program-list.ts'

// `npm run build` builds every program that has an image; `npm run build -- auth ops` builds only these.
// Prints the sizes.
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !programNames.includes(name as ProgramName))
if (unknown.length > 0) {
  console.error(`unknown program: ${unknown.join(', ')}; known programs: ${programNames.join(', ')}`)
  process.exit(2)
}

const line = (name: string, bytes: string, files: string) =>
  `${name.padEnd(14)}${bytes.padStart(9)}${files.padStart(7)}`
console.log(line('program', 'kB', 'files'))
for (const name of asked.length > 0 ? (asked as ProgramName[]) : programNames) {
  const { bytes, files } = await buildProgram(name)
  console.log(line(name, Math.round(bytes / 1_000).toLocaleString('en-US'), String(files)))
}
