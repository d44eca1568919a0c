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

/** The projection that is served, how far it is behind and its last rebuild; 1 where it does not answer. */
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
 * Make the projection anew and follow that until it is done; one that is at work already is followed instead.
 * 0 when it is done (or begun, with `detach`), 1 when it was cancelled, or is no longer followed (Ctrl-C: it
 * goes on).
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
      terminal.error('the rebuild goes on: `boxoffice analytics status` shows it\n')
    return ended.status === 'DONE' || options.detach ? 0 : 1
  })

/** Throw away what the rebuild at work has made; 1 where none is at work. */
export const cancelRebuild = (
  config: Reached,
  options: { json: boolean },
  terminal: Terminal,
): Promise<0 | 1> =>
  withAnalytics(config, terminal, async (analytics) => {
    const { rebuild } = (await analytics.findRebuild({})).body
    const answer = rebuild && (await analytics.cancelRebuild({ params: { rebuildId: rebuild.rebuildId } }))
    if (answer?.status !== 200) {
      terminal.error('no rebuild is at work\n')
      return 1
    }
    terminal.out(options.json ? json(Rebuild, answer.body) : `${renderRebuild(answer.body)}\n`)
    return 0
  })

/** A new rebuild, or the one that is at work already. */
async function begin(analytics: Analytics, terminal: Terminal): Promise<Rebuild> {
  for (;;) {
    const answer = await analytics.startRebuild({})
    if (answer.status === 202) return answer.body
    const { rebuild } = (await analytics.findRebuild({})).body
    // Where it has ended in between nothing was made anew since we were asked to.
    if (rebuild?.status !== 'RUNNING') continue
    terminal.error('a rebuild is at work already: this follows it\n')
    return rebuild
  }
}

/**
 * The rebuild as it was seen last: ended, or still at work when the person left. What holds it up is told
 * when it changes.
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
      const now = seen ? seen.lastError : 'analytics does not answer'
      if (now && now !== trouble && rebuild.status === 'RUNNING') {
        progress.line.end()
        terminal.error(`${now}: it is tried again\n`)
      }
      trouble = now
      progress.line.at(taken)
    }
    return rebuild
  } finally {
    progress?.line.end()
  }
}

/** Null where it cannot be said right now: the rebuild does not depend on who looks. */
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
