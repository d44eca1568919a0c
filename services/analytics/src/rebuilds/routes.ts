import {
  type analyticsInternalRoutes,
  type analyticsProjectionRoutes,
  type ProjectionFigures,
  REBUILD_ENDED,
  REBUILD_NOT_FOUND,
  REBUILD_RUNNING,
} from '@boxoffice/contracts'
import { type Handlers, refuse, refuseUnknown, type SqlDatabase } from '@boxoffice/service-kit'
import type { z } from 'zod'
import type { Lag } from '../lag/lag.ts'
import { getActiveGeneration } from '../projection/generation-repository.ts'
import { cancelRebuild, findLastRebuild, findRebuild, insertRebuild } from './rebuild-repository.ts'
import type { Rebuilder } from './rebuilder.ts'

interface Deps {
  db: SqlDatabase
  lag: Lag
  rebuilder: Pick<Rebuilder, 'nudge'>
}

async function figuresOf({ db, lag }: Deps): Promise<z.output<typeof ProjectionFigures>> {
  const [active, rebuild] = [await getActiveGeneration(db), await findLastRebuild(db)]
  return { ...active, lagSeconds: lag.seconds(), rebuild }
}

export function rebuildHandlers(deps: Deps): Handlers<typeof analyticsInternalRoutes> {
  const { db } = deps
  return {
    async startRebuild({ resourceId, log }) {
      const begun = await db.transact((tx) => insertRebuild(tx, resourceId))
      const rebuild = begun ? await findRebuild(db, resourceId) : null
      if (!rebuild) return refuse(REBUILD_RUNNING)
      log.warn({ rebuildId: resourceId, generation: rebuild.generation }, 'rebuild started')
      deps.rebuilder.nudge()
      return { status: 202, body: rebuild }
    },
    findRebuild: async () => ({ status: 200, body: await figuresOf(deps) }),
    async getRebuild({ params }) {
      const rebuild = await findRebuild(db, params.rebuildId)
      return rebuild ? { status: 200, body: rebuild } : refuseUnknown(REBUILD_NOT_FOUND, params.rebuildId)
    },
    async cancelRebuild({ params, log }) {
      const cancelled = await db.transact((tx) => cancelRebuild(tx, params.rebuildId))
      const rebuild = await findRebuild(db, params.rebuildId)
      if (!rebuild) return refuseUnknown(REBUILD_NOT_FOUND, params.rebuildId)
      if (!cancelled) return refuse(REBUILD_ENDED)
      log.warn({ rebuildId: params.rebuildId }, 'rebuild cancelled')
      return { status: 200, body: rebuild }
    },
  }
}

export const projectionHandlers = (deps: Deps): Handlers<typeof analyticsProjectionRoutes> => ({
  getProjection: async () => ({ status: 200, body: await figuresOf(deps) }),
})
