import { analyticsInternalRoutes, ProjectionFigures, Rebuild } from '@boxoffice/contracts'
import { type Client, createClient, createServiceIdentity } from '@boxoffice/service-kit'
import { z } from 'zod'
import type { Config } from '../config.ts'
import { reasonOf } from '../failure.ts'
import type { Progress, Terminal } from '../terminal.ts'
import { progressOf, renderProjection, renderRebuild } from './render.ts'

const TIMEOUT_MS = 10_000
const LOOK_MS = 500

type Analytics = Client<typeof analyticsInternalRoutes>
type Reached = Pick<Config, 'projection'>

const json = <S extends z.ZodType>(schema: S, value: z.output<S>) =>
  `${JSON.stringify(z.encode(schema, value), null, 2)}\n`

/** Prints the served projection, its lag and its last rebuild; returns 1 if analytics is unavailable. */
export const showProjection = (
  config: Reached,
  options: { json: boolean },
  terminal: Terminal,
): Promise<0 | 1> =>
  withAnalytics(config, terminal, async (analytics) => {
    const { body } = await analytics.findRebuild({})
    terminal.out(options.json ? json(ProjectionFigures, body) : renderProjection(body))
    return 0
  })

/**
 * Starts a rebuild of the projection and follows it to its end; follows the running one, if any. Returns 0
 * when it is done (or started, with `detach`), 1 if it was cancelled or is no longer followed (Ctrl-C: the
 * rebuild continues).
 */
export const rebuildProjection = (
  config: Reached,
  options: { json: boolean; detach: boolean },
  terminal: Terminal,
): Promise<0 | 1> =>
  withAnalytics(config, terminal, async (analytics) => {
    const begun = await begin(analytics, terminal)
    const ended = options.detach ? begun : await follow(analytics, begun, terminal)
    terminal.out(options.json ? json(Rebuild, ended) : `${renderRebuild(ended)}\n`)
    if (ended.status === 'RUNNING' && !options.detach)
      terminal.error('the rebuild continues: `boxoffice analytics status` shows it\n')
    return ended.status === 'DONE' || options.detach ? 0 : 1
  })

/** Cancels the running rebuild and discards what it has built; returns 1 if none is running. */
export const cancelRebuild = (
  config: Reached,
  options: { json: boolean },
  terminal: Terminal,
): Promise<0 | 1> =>
  withAnalytics(config, terminal, async (analytics) => {
    const { rebuild } = (await analytics.findRebuild({})).body
    const answer = rebuild && (await analytics.cancelRebuild({ params: { rebuildId: rebuild.rebuildId } }))
    if (answer?.status !== 200) {
      terminal.error('no rebuild is running\n')
      return 1
    }
    terminal.out(options.json ? json(Rebuild, answer.body) : `${renderRebuild(answer.body)}\n`)
    return 0
  })

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

async function withAnalytics(
  { projection }: Reached,
  terminal: Terminal,
  work: (analytics: Analytics) => Promise<0 | 1>,
): Promise<0 | 1> {
  const { analyticsUrl, privateKey } = projection()
  const identity = createServiceIdentity('boxoffice-cli', privateKey)
  const analytics = createClient(analyticsInternalRoutes, {
    baseUrl: analyticsUrl,
    headers: () => identity.headersFor('analytics-service'),
    send: (url, { operationId: _, ...init }) =>
      fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }),
  })
  try {
    return await work(analytics)
  } catch (error) {
    terminal.error(`nothing was done: ${reasonOf(error, 'analytics', analyticsUrl)}\n`)
    return 1
  }
}
