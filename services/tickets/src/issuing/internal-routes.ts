import {
  notIssuedRefusals,
  TICKET_NOT_FOUND,
  TICKETS_USED,
  type ticketsInternalRoutes,
} from '@boxoffice/contracts'
import { type Handlers, isPermanent, type Logger, refuse, type SqlDatabase } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import type { AvailabilityCache } from '../holds/availability-cache.ts'
import { findOutcome } from '../reservations/outcome-repository.ts'
import { qrCodeUrl, ticketView } from '../tickets/ticket.ts'
import { listTicketsOfOrder } from '../tickets/ticket-repository.ts'
import type { Cancel, CancelResult } from './cancel.ts'
import { type Issuing, showIssued } from './issue.ts'
import type { IssueResult, PaidOrder } from './paid-order.ts'

interface Deps {
  cancel: Cancel
  config: Pick<Config, 'publicUrl'>
  db: SqlDatabase
  issuing: Issuing
  logger: Logger
  availabilityCache: AvailabilityCache
}

type Routes = Pick<typeof ticketsInternalRoutes, 'confirmPurchase' | 'cancelOrderTickets' | 'getOrderTickets'>

export function issuingHandlers(deps: Deps): Handlers<Routes> {
  const { publicUrl } = deps.config
  return {
    confirmPurchase: async ({ body }) => {
      const result = await issueOrGiveUp(deps, { ...body, eventId: null })
      await showIssued(deps.availabilityCache, body, result)
      if (result.outcome !== 'ISSUED') {
        const { outcome, reason, detail } = result
        const message =
          outcome === 'REJECTED' ? `this order cannot be honoured: ${reason}` : 'this order was cancelled'
        return refuse(notIssuedRefusals[outcome], {
          message,
          confirmed: false,
          outcome,
          reason,
          ...(detail && { detail }),
        })
      }
      const tickets = result.tickets.map(({ ticketId, ticketNumber, ticketTypeId, createdAt }) => ({
        ticketId,
        ticketNumber,
        ticketTypeId,
        createdAt,
        qrCode: qrCodeUrl(publicUrl, ticketId),
      }))
      return { status: 200, body: { confirmed: true, orderId: body.orderId, tickets } }
    },
    cancelOrderTickets: async ({ body }) => {
      const result = await deps.db.transact((tx) => deps.cancel(tx, body))
      switch (result.outcome) {
        case 'unknown':
          return refuse(TICKET_NOT_FOUND, { message: 'some of these are not tickets of this order' })
        case 'used':
          return refuse(TICKETS_USED, { ticketIds: [...result.ticketIds] })
        case 'cancelled': {
          await showFree(deps.availabilityCache, result)
          const cancelled = result.tickets.map(({ ticketId, ticketTypeId, unitPrice }) => ({
            ticketId,
            ticketTypeId,
            unitPrice,
          }))
          return { status: 200, body: { orderId: body.orderId, cancelled } }
        }
      }
    },
    getOrderTickets: async ({ params }) => {
      const sql = deps.db
      const tickets = await listTicketsOfOrder(sql, params.orderId)
      const existing = await findOutcome(sql, params.orderId)
      const body = {
        outcome: existing?.outcome ?? null,
        tickets: tickets.map((ticket) => ticketView(ticket, publicUrl)),
      }
      return { status: 200, body }
    },
  }
}

async function issueOrGiveUp({ db, issuing, logger }: Deps, order: PaidOrder): Promise<IssueResult> {
  try {
    return await db.transact((tx) => issuing.issue(tx, order))
  } catch (error) {
    if (!isPermanent(error)) throw error
    logger.error(
      { err: error, orderId: order.orderId },
      'issuing the tickets of a paid order failed permanently',
    )
    return db.transact((tx) => issuing.giveUp(tx, order, (error as Error).message))
  }
}

/** Frees the places in the availability cache; reconciliation corrects whatever it missed before. */
async function showFree(
  availabilityCache: AvailabilityCache,
  { changed, freed, released }: CancelResult & { outcome: 'cancelled' },
) {
  for (const [eventId, tickets] of Map.groupBy(changed, ({ eventId }) => eventId)) {
    const general = tickets
      .filter(({ seat }) => !seat)
      .map(({ ticketTypeId }) => ({ ticketTypeId, quantity: 1 }))
    await availabilityCache.releaseSold(
      eventId,
      general,
      freed.filter((seat) => seat.eventId === eventId),
    )
    availabilityCache.markStale(eventId)
  }
  await availabilityCache.release(released)
}
