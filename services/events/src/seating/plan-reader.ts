import path from 'node:path'
import { SERVICE_UNAVAILABLE } from '@boxoffice/contracts'
import { RefusedError, refuse } from '@boxoffice/service-kit'
import { Piscina } from 'piscina'
import type { PlanRead, readPlan } from './read-plan.ts'

/** The worker's file: `read-plan.ts` here, `read-plan.js` in the image. */
const READER = new URL(`./read-plan${path.extname(import.meta.filename)}`, import.meta.url).href
/** Queued bodies, of up to 16 MB each. */
const QUEUE_MAX = 16

/** Parses bodies of seating plans in a worker thread. */
export interface PlanReader {
  /** Throws a 503 if the queue is full. */
  read(body: string): Promise<PlanRead>
  close(): Promise<void>
}

export function createPlanReader(): PlanReader {
  const pool = new Piscina<string, ReturnType<typeof readPlan>>({
    filename: READER,
    name: 'readPlan',
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: 30_000,
    maxQueue: QUEUE_MAX,
  })
  return {
    async read(body) {
      if (pool.queueSize >= QUEUE_MAX)
        throw new RefusedError(
          refuse(SERVICE_UNAVAILABLE, { message: 'too many seating plans at once: try again shortly' }),
        )
      return pool.run(body)
    },
    close: () => pool.destroy(),
  }
}
