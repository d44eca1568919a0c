import type { EventId, TicketTypeId } from '@boxoffice/contracts'
import pg from 'pg'
import type { BenchSystem } from '../bench-system.ts'
import type { Buyer } from '../crowd.ts'
import type { RequestTemplate } from '../load/template.ts'
import { liftedLimits, type SystemEnv } from '../world.ts'

/** A gateway with unlimited capacity that responds at once. */
export const openGateway = {
  ...liftedLimits,
  payments: {
    RESILIENCE: JSON.stringify({
      gateway: { ratePerSecond: 100_000, bulkhead: { concurrent: 1_000, waitMs: 5_000 } },
    }),
  },
} as const satisfies SystemEnv

/** Buys and pays for one ticket as another buyer in each request. */
export const buyOne = (
  baseUrl: string,
  { eventId, ticketTypeId }: { eventId: EventId; ticketTypeId: TicketTypeId },
  buyers: readonly Buyer[],
): RequestTemplate => ({
  method: 'POST',
  url: `${baseUrl}/api/payments/orders`,
  headers: { authorization: 'Bearer {{token}}', 'idempotency-key': '{{uuid}}' },
  body: JSON.stringify({
    eventId,
    ticketRequests: [{ ticketTypeId, quantity: 1 }],
    paymentMethod: 'CREDIT_CARD',
    paymentToken: 'pm_card_visa',
    holderName: 'Bea Buyer',
  }),
  columns: { token: buyers.map(({ token }) => token) },
})

export interface SaleOutcome {
  /** Seconds from the last response until the last mail was sent. */
  lastMailSeconds: number
  /**
   * Seconds from the last response until every message was published, and every order had its tickets and
   * its mail.
   */
  completedSeconds: number
  orders: Record<string, number>
  tickets: number
  mails: number
}

/** Reads the services' databases. */
export function createLedgerOfSale({ system }: BenchSystem) {
  const pools = Object.fromEntries(
    (['payments', 'tickets', 'notifications'] as const).map((key) => [
      key,
      new pg.Pool({ connectionString: system.databaseUrl(key), max: 2, allowExitOnIdle: true }),
    ]),
  ) as Record<'payments' | 'tickets' | 'notifications', pg.Pool>
  for (const pool of Object.values(pools)) pool.on('error', () => {}) // the system may stop first
  async function rowOf<T>(service: keyof typeof pools, sql: string, values: unknown[] = []): Promise<T> {
    return (await pools[service].query(sql, values)).rows[0] as T
  }

  async function readProgress(eventId: EventId) {
    const [orders, tickets, mails, unpublished] = await Promise.all([
      pools.payments.query<{ status: string; n: number }>(
        'select status, count(*)::int as n from orders where event_id = $1 group by status',
        [eventId],
      ),
      rowOf<{ n: number }>('tickets', 'select count(*)::int as n from tickets where event_id = $1', [
        eventId,
      ]),
      rowOf<{ sent: number; waiting: number; last: Date | null }>(
        'notifications',
        `select count(*) filter (where status = 'SENT' and type = 'ORDER_CONFIRMATION')::int as sent,
           count(*) filter (where status in ('PENDING', 'SENDING'))::int as waiting, max(sent_at) as last
         from notifications where event_id = $1`,
        [eventId],
      ),
      Promise.all(
        (['payments', 'tickets'] as const).map((service) =>
          rowOf<{ n: number }>(service, 'select count(*)::int as n from outbox where published_at is null'),
        ),
      ),
    ])
    return {
      orders: Object.fromEntries(orders.rows.map(({ status, n }) => [status, n])) as Record<string, number>,
      tickets: tickets.n,
      mails: mails.sent,
      lastMailAt: mails.last,
      waiting: mails.waiting + unpublished.reduce((sum, { n }) => sum + n, 0),
    }
  }

  return {
    /**
     * Waits until every confirmed order of the event has its ticket and its mail, and no message or mail is
     * pending.
     */
    async untilComplete(eventId: EventId, lastAnswerAt: number, patienceMs = 180_000): Promise<SaleOutcome> {
      for (;;) {
        const { orders, tickets, mails, lastMailAt, waiting } = await readProgress(eventId)
        const confirmed = orders.CONFIRMED ?? 0
        const undecided = (orders.PENDING ?? 0) + (orders.PAID ?? 0)
        const isComplete = undecided === 0 && waiting === 0 && tickets >= confirmed && mails >= confirmed
        if (isComplete || Date.now() - lastAnswerAt > patienceMs) {
          const lastMailSeconds = Math.max(0, ((lastMailAt?.getTime() ?? Number.NaN) - lastAnswerAt) / 1_000)
          const completedSeconds = isComplete ? (Date.now() - lastAnswerAt) / 1_000 : Number.POSITIVE_INFINITY
          return { lastMailSeconds, completedSeconds, orders, tickets, mails }
        }
        await new Promise((resolve) => setTimeout(resolve, 150))
      }
    },
    /** Returns the committed transactions so far, by database. */
    async transactions(): Promise<Record<string, number>> {
      const { rows } = await pools.payments.query<{ datname: string; n: number }>(
        `select datname, xact_commit::int as n from pg_stat_database where datname is not null
           and datname not like 'bench%'`,
      )
      return Object.fromEntries(rows.map(({ datname, n }) => [datname, n]))
    },
    pools,
    stop: () => Promise.all(Object.values(pools).map((pool) => pool.end())),
  }
}
export type LedgerOfSale = ReturnType<typeof createLedgerOfSale>
