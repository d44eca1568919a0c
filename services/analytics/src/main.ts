import { run } from '@boxoffice/service-kit'
import { buildApp } from './app.ts'
import { loadConfig } from './config.ts'
import { createDependencies } from './dependencies.ts'
import { buildWorkers } from './workers.ts'

const config = loadConfig(process.env)
const deps = createDependencies(config)
await run({
  app: buildApp(deps),
  workers: buildWorkers(deps),
  config,
  logger: deps.logger,
  close: deps.close,
})
