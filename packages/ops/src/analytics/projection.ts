import { analyticsInternalRoutes, ProjectionFigures, Rebuild } from '@boxoffice/contracts'
import type { Client } from '@boxoffice/service-kit/client'
import { z } from 'zod'
import type { Config } from '../config.ts'
import { Failure } from '../failure.ts'
import type { Call, Result } from '../framework/command.ts'
import { withService } from '../services.ts'
import type { Progress, Terminal } from '../terminal.ts'
import { progressOf, renderProjection, renderRebuild } from './render.ts'

const LOOK_MS = 500

type Analytics = Client<typeof analyticsInternalRoutes>

const encoded = <S extends z.ZodType>(schema: S, value: z.output<S>) => z.encode(schema, value) as object

/** Shows the served projection, its lag and its last rebuild. */
export const showProjection = (config: Config): Promise<Result> =>
  withAnalytics(config, async (analytics) => {
    const { body } = await analytics.findRebuild({})
    return { document: encoded(ProjectionFigures, body), text: renderProjection(body) }
  })

/**
 * Starts a rebuild of the projection and follows it to its end; follows the running one, if any. The exit
 * code is 0 when it is done (or started, with `detach`), 1 if it was cancelled or is no longer followed
 * (Ctrl-C: the rebuild continues).
 */
export const rebuildProjection = (
  { config, terminal, dryRun, confirm }: Pick<Call, 'config' | 'terminal' | 'dryRun' | 'confirm'>,
  { detach }: { detach: boolean },
): Promise<Result> =>
  withAnalytics(config, async (analytics) => {
    const { generation, rebuild } = (await analytics.findRebuild({})).body
    if (dryRun) {
      const isRunning = rebuild?.status === 'RUNNING'
      const next = isRunning ? 'a rebuild is running already' : 'another would be built beside it'
      const text = `generation ${generation} is served; ${next}. Nothing was changed.\n`
      return { document: { generation }, text }
    }
    if (rebuild?.status !== 'RUNNING') await confirm('Rebuild the projection from all archived messages?')
    const begun = await begin(analytics, terminal)
    const ended = detach ? begun : await follow(analytics, begun, terminal)
    if (ended.status === 'RUNNING' && !detach)
      terminal.error('the rebuild continues: `boxoffice analytics status` shows it\n')
    return {
      document: encoded(Rebuild, ended),
      text: `${renderRebuild(ended)}\n`,
      exitCode: ended.status === 'DONE' || detach ? 0 : 1,
    }
  })

/** Cancels the running rebuild and discards what it has built. */
export const cancelRebuild = ({
  config,
  dryRun,
  confirm,
}: Pick<Call, 'config' | 'dryRun' | 'confirm'>): Promise<Result> =>
  withAnalytics(config, async (analytics) => {
    const { rebuild } = (await analytics.findRebuild({})).body
    if (rebuild?.status !== 'RUNNING') throw noRebuild()
    await confirm(`Cancel the rebuild of generation ${rebuild.generation}?`)
    if (dryRun) {
      const text = `would be cancelled: ${renderRebuild(rebuild)}\nNothing was changed.\n`
      return { document: encoded(Rebuild, rebuild), text }
    }
    const answer = await analytics.cancelRebuild({ params: { rebuildId: rebuild.rebuildId } })
    if (answer.status !== 200) throw noRebuild()
    return { document: encoded(Rebuild, answer.body), text: `${renderRebuild(answer.body)}\n` }
  })

const noRebuild = () => new Failure('NO_REBUILD', 'no rebuild is running')

/** Returns a new rebuild, or the running one. */
async function begin(analytics: Analytics, terminal: Terminal): Promise<Rebuild> {
  for (;;) {
    const answer = await analytics.startRebuild({})
    if (answer.status === 202) return answer.body
    const { rebuild } = (await analytics.findRebuild({})).body
    // If that one has ended in between, nothing was rebuilt since the request.
    if (rebuild?.status !== 'RUNNING') continue
    terminal.error('a rebuild is running already: following it\n')
    return rebuild
  }
}

/**
 * Follows the rebuild until it ends or the operator stops; returns its last known state. Prints a new error
 * when it holds up the rebuild.
 */
async function follow(analytics: Analytics, begun: Rebuild, terminal: Terminal): Promise<Rebuild> {
  let rebuild = begun
  let trouble: string | undefined
  let progress: { line: Progress; total: number | null } | undefined
  try {
    while (rebuild.status === 'RUNNING' && !terminal.signal.aborted) {
      await terminal.wait(LOOK_MS)
      const seen = await look(analytics, rebuild.rebuildId)
      rebuild = seen ?? rebuild
      const { taken, total } = progressOf(rebuild)
      if (!progress || progress.total !== total) {
        progress?.line.end()
        const of = total === null ? '' : ` of about ${total}`
        progress = { line: terminal.progress(`read %d${of} archived messages`), total }
      }
      const now = seen ? seen.lastError : 'analytics is unavailable'
      if (now && now !== trouble && rebuild.status === 'RUNNING') {
        progress.line.end()
        terminal.error(`${now}: will be retried\n`)
      }
      trouble = now
      progress.line.at(taken)
    }
    return rebuild
  } finally {
    progress?.line.end()
  }
}

/** Returns null while the state is unknown: the rebuild does not depend on its followers. */
async function look(analytics: Analytics, rebuildId: string): Promise<Rebuild | null> {
  const answer = await analytics.getRebuild({ params: { rebuildId } }).catch(() => null)
  return answer?.status === 200 ? answer.body : null
}

const withAnalytics = <R>(config: Config, work: (analytics: Analytics) => Promise<R>): Promise<R> =>
  withService(config, 'analytics', analyticsInternalRoutes, work)
