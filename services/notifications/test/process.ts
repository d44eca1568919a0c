import path from 'node:path'
import { programArguments } from '@boxoffice/stack/programs'
import { measured, startProgram } from '@boxoffice/testing'
import type { TestService } from './start-service.ts'

const MAIN = path.join(import.meta.dirname, '../src/main.ts')

/**
 * The service as a process of its own: what a crash point kills, and whose log can be read. It ends with
 * `service` at last.
 */
export const startProcess = (
  { environment, processes }: TestService,
  overrides: Record<string, string> = {},
) =>
  measured('servers', async () => {
    const env = { PATH: process.env.PATH, ...environment, ...overrides }
    const program = await startProgram(programArguments(MAIN), env)
    processes.push(program)
    return program
  })
