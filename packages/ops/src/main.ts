import process from 'node:process'
import pc from 'picocolors'
import { runCli } from './cli.ts'
import { loadConfig } from './config.ts'

const config = loadConfig(process.env, '.boxoffice')
Object.assign(process.env, config.awsCredentials) // the one place where the AWS SDK looks for them
process.stdout.on('error', () => {}) // whoever read us has gone, as in `boxoffice status | head`
process.exitCode = await runCli(process.argv.slice(2), config, {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
  colours: process.stdout.isTTY && pc.isColorSupported,
  now: () => new Date(),
})
