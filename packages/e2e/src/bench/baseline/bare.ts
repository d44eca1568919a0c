import path from 'node:path'
import { ensureDatabase } from '@boxoffice/service-kit'
import type { BenchSystem } from '../bench-system.ts'
import { startChildServer } from './child-server.ts'

/** Starts the bare server with the measured system's Redis, and its PostgreSQL in a separate database. */
export async function startBare({ system }: BenchSystem) {
  const databaseUrl = bareDatabaseUrl(system)
  await ensureDatabase(databaseUrl)
  return startChildServer(path.join(import.meta.dirname, 'server-process.ts'), [
    system.urls.redis,
    databaseUrl,
  ])
}

export type BareServer = Awaited<ReturnType<typeof startBare>>

export const bareDatabaseUrl = (system: BenchSystem['system']): string => {
  const url = new URL(system.databaseUrl('tickets'))
  url.pathname = '/bench_baseline'
  return url.href
}
