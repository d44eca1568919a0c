import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Principal } from './authentication.ts'

/** Ends what would go on answering: when its client has gone or its token has ended, and everything when the server stops. */
export function createEndings(app: FastifyInstance) {
  const open = new Set<AbortController>()
  let closing = false
  app.addHook('preClose', async () => {
    closing = true
    for (const controller of open) controller.abort()
  })
  return {
    signalOf(reply: FastifyReply, principal: Principal): AbortSignal {
      const controller = new AbortController()
      const end = () => {
        clearTimeout(timer)
        open.delete(controller)
        controller.abort()
      }
      const leftMs = principal && 'expiresAt' in principal ? principal.expiresAt.getTime() - Date.now() : null
      const timer = leftMs === null ? undefined : setTimeout(end, Math.max(0, leftMs))
      open.add(controller)
      reply.raw.once('close', end)
      if (closing || reply.raw.destroyed) end()
      return controller.signal
    },
  }
}
