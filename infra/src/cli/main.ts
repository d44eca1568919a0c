import { setTimeout as wait } from 'node:timers/promises'
import { createCloud } from './cloud.ts'
import { loadConfig } from './config.ts'
import { askUrl, createCertificate, requireDocker, runCdk } from './machine.ts'
import { buildProgram } from './program.ts'

const program = buildProgram({
  ...loadConfig(process.env),
  createCloud,
  machine: { runCdk, requireDocker, createCertificate, askUrl, wait },
  say: (line) => console.log(line),
})
process.exitCode = await program.run(process.argv.slice(2))
