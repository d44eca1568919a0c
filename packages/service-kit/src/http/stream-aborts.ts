import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Revocations } from '../identity/revocations.ts'
import type { Principal, UserPrincipal } from './authentication.ts'

/** How often the sessions of open streams are checked: one query to Redis for all of a process. */
const LOOK_MS = 2_000

type Asked = Pick<Revocations, 'isRevoked'>

/**
 * Aborts streams: when the client has gone, the token or session has ended, and all when the server stops.
 */
export function createStreamAborts(
  app: FastifyInstance,
  revocations: Asked,
  { lookMs = LOOK_MS }: { lookMs?: number } = {},
) {
  const open = new Set<AbortController>()
  const sessions = watchSessions(revocations, lookMs)
  let closing = false
  app.addHook('preClose', async () => {
    closing = true
    for (const controller of open) controller.abort()
  })
  return {
    signalOf(reply: FastifyReply, principal: Principal): AbortSignal {
      const controller = new AbortController()
      const user = principal && 'userId' in principal ? principal : null
      const end = () => {
        clearTimeout(timer)
        unwatch()
        open.delete(controller)
        controller.abort()
      }
      const timer = user ? setTimeout(end, Math.max(0, user.expiresAt.getTime() - Date.now())) : undefined
      const unwatch = user ? sessions.watch(user, end) : () => {}
      open.add(controller)
      reply.raw.once('close', end)
      if (closing || reply.raw.destroyed) end()
      return controller.signal
    },
  }
}

/** Calls `end` for each watched user whose session has ended. Polls only while a user is watched. */
function watchSessions({ isRevoked }: Asked, lookMs: number) {
  const watched = new Map<string, Set<() => void>>()
  let isLooking = false

  async function look(sessionId: string): Promise<void> {
    if (await isRevoked(sessionId)) for (const end of [...(watched.get(sessionId) ?? [])]) end()
  }
  async function lookAtAll(): Promise<void> {
    await Promise.all([...watched.keys()].map(look))
    isLooking = watched.size > 0
    if (isLooking) setTimeout(lookAtAll, lookMs).unref()
  }

  return {
    watch({ sessionId }: UserPrincipal, end: () => void): () => void {
      const ends = watched.get(sessionId) ?? new Set()
      watched.set(sessionId, ends.add(end))
      if (!isLooking) setTimeout(lookAtAll, lookMs).unref()
      isLooking = true
      return () => {
        ends.delete(end)
        if (ends.size === 0 && watched.get(sessionId) === ends) watched.delete(sessionId)
      }
    },
  }
}
