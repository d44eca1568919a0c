import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { serviceKeys } from '@boxoffice/contracts'
import { loadSecrets, programArguments } from '@boxoffice/stack'
import type { TestSystem } from './start.ts'

const CLI = path.join(import.meta.dirname, '../../ops/src/main.ts')

/** Runs the operators' command line on this system; returns its exit code and output. */
export const commandLineOf =
  (running: TestSystem) =>
  async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
    const urls = Object.fromEntries(
      serviceKeys.map((key) => [`${key.toUpperCase()}_URL`, running.system.urls[key]]),
    )
    const env = {
      ...process.env,
      ...running.system.env.auth,
      ...urls,
      SERVICE_PRIVATE_KEY: JSON.stringify(loadSecrets(running.folder).services['boxoffice-cli']?.privateKey),
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    }
    const done = promisify(execFile)(process.execPath, [...programArguments(CLI), ...args], { env })
    return done.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    )
  }
