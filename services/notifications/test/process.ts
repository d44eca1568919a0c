import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { programArguments } from '@boxoffice/stack/programs'
import { measured } from '@boxoffice/testing'
import type { TestService } from './start-service.ts'

/** The service as a process of its own: what a crash point kills, and whose log can be read. It ends with `service` at last. */
export const startProcess = (service: TestService, overrides: Record<string, string> = {}) =>
  measured('servers', () => start(service, overrides))

async function start({ environment, processes }: TestService, overrides: Record<string, string>) {
  const child = spawn(process.execPath, programArguments(path.join(import.meta.dirname, '../src/main.ts')), {
    env: { PATH: process.env.PATH, ...environment, ...overrides },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let logged = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    logged += chunk
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    logged += chunk
  })
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  processes.push({
    kill() {
      child.kill('SIGKILL')
      return ended
    },
  })
  const started = await Promise.race([once(child, 'message').then(() => true), ended.then(() => false)])
  if (!started) throw new Error(`the process did not start:\n${logged}`)
  return {
    /** How it ended: `[code, signal]`. */
    ended,
    logged: () => logged,
    stop() {
      child.kill('SIGTERM')
      return ended
    },
  }
}
