import { messages, type QueueName, queues, type ServiceKey, type Subscription, serviceKeys } from '@boxoffice/contracts'
import { Redis } from 'ioredis'
import pg from 'pg'

/** Whose consumer reads which queue. */
const consumers: Partial<Record<QueueName, ServiceKey>> = {
  'notification-queue': 'notifications',
  'ticket-processing-queue': 'tickets',
  'payment-processing-queue': 'payments',
}

export interface Observed {
  databaseUrl(service: ServiceKey): string
  redisUrl: string
  ledger(): Promise<{ totals: { orderId: string; captured: number; refunded: number; successfulCharges: number }[] }>
}

/** A statement that does not hold, with what contradicts it. */
export interface Violation {
  invariant: string
  statement: string
  rows: unknown[]
}

interface SqlInvariant {
  invariant: string
  statement: string
  service: ServiceKey
  /** Finds what contradicts the statement. */
  sql: string
}

const sqlInvariants: SqlInvariant[] = [
  {
    invariant: 'I1',
    statement: 'what is held and sold is what reservations and tickets say, and not more than there is',
    service: 'tickets',
    sql: `select c.* from ticket_type_counters c
      left join lateral (select coalesce(sum(i.quantity), 0) as held from reservation_items i join reservations r using (reservation_id)
        where i.ticket_type_id = c.ticket_type_id and r.status in ('ACTIVE', 'PAYING')) h on true
      left join lateral (select count(*) as sold from tickets t
        where t.ticket_type_id = c.ticket_type_id and t.status in ('ACTIVE', 'CHECKED_IN')) s on true
      where c.held + c.sold > c.capacity or c.held <> h.held or c.sold <> s.sold`,
  },
  {
    invariant: 'I3',
    statement: 'every movement of our ledger has a debit and a credit of the same amount, and refunds stay within captures',
    service: 'payments',
    sql: `select reference, 'unbalanced' as why from ledger_entries group by reference
      having sum(case side when 'DEBIT' then amount_minor else -amount_minor end) <> 0 or count(*) <> 2
      union all
      select order_id::text, 'refunded more than captured' from ledger_entries where account = 'gateway' group by order_id
      having sum(case side when 'DEBIT' then amount_minor else -amount_minor end) < 0`,
  },
  {
    invariant: 'I7',
    statement: 'nothing is held past its deadline and a sweep',
    service: 'tickets',
    sql: `select reservation_id, status, expires_at from reservations
      where status = 'ACTIVE' and expires_at < clock_timestamp() - interval '90 seconds'`,
  },
  {
    invariant: 'I9',
    statement: 'every saga is terminal',
    service: 'payments',
    sql: `select order_id, state, attempts from sagas where state not in ('CONFIRMED', 'FAILED', 'REFUNDED')`,
  },
  {
    invariant: 'I11',
    statement: 'an order that is confirmed has as many tickets as it has paid for',
    service: 'payments',
    sql: `select o.order_id, o.status from orders o where o.status = 'CONFIRMED' and
      (select coalesce(sum(quantity), 0) from order_items i where i.order_id = o.order_id) <>
      (select count(*) from order_tickets t where t.order_id = o.order_id)`,
  },
  {
    invariant: 'I15',
    statement: 'an order stands where its saga stands',
    service: 'payments',
    sql: `select o.order_id, o.status, s.state from orders o join sagas s using (order_id) where o.status is distinct from
      case s.state when 'CONFIRMED' then 'CONFIRMED' when 'FAILED' then 'FAILED' when 'REFUNDED' then 'REFUNDED'
        when 'AWAITING_TICKETS' then 'PAID' else o.status end`,
  },
  {
    invariant: 'I16',
    statement: 'the last word of the journal is where the saga stands',
    service: 'payments',
    sql: `select s.order_id, s.state from sagas s where s.state <>
      (select e.state from saga_events e where e.order_id = s.order_id order by seq desc limit 1)`,
  },
]

/** Everything that does not hold right now; those that hold only at rest too (Q in the guarantees). */
export async function findViolations(observed: Observed): Promise<Violation[]> {
  const pools = new Map(
    serviceKeys.map((key) => [key, new pg.Pool({ connectionString: observed.databaseUrl(key), max: 2, allowExitOnIdle: true })]),
  )
  const query = async <Row>(service: ServiceKey, sql: string, values: unknown[] = []): Promise<Row[]> =>
    ((await pools.get(service)?.query(sql, values))?.rows ?? []) as Row[]
  const redis = new Redis(observed.redisUrl)
  try {
    const fromSql = sqlInvariants.map(async ({ invariant, statement, service, sql }) => ({
      invariant,
      statement,
      rows: await query(service, sql),
    }))
    const all = await Promise.all([
      ...fromSql,
      ...moneyInvariants(query, observed),
      unpublished(query),
      unheard(query),
      redisPicture(query, redis),
    ])
    return all.filter(({ rows }) => rows.length > 0)
  } finally {
    redis.disconnect()
    await Promise.all([...pools.values()].map((pool) => pool.end()))
  }
}

/** Wait until everything holds; throws with what does not after `limitMs`. */
export async function expectInvariants(observed: Observed, limitMs = 120_000): Promise<void> {
  const limit = Date.now() + limitMs
  for (;;) {
    const violations = await findViolations(observed)
    if (violations.length === 0) return
    if (Date.now() > limit) throw new Error(`these do not hold: ${JSON.stringify(violations, null, 2)}`)
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

type Query = <Row>(service: ServiceKey, sql: string, values?: unknown[]) => Promise<Row[]>

/** I2, I4, I5, I6: the gateway's books against the tickets, order by order. */
function moneyInvariants(query: Query, observed: Observed): Promise<Violation>[] {
  const gathered = (async () => {
    const tickets = await query<{ order_id: string; value: string; valid: string }>(
      'tickets',
      `select order_id, sum(unit_price_minor) as value, count(*) as valid from tickets where status in ('ACTIVE', 'CHECKED_IN') group by order_id`,
    )
    const { totals } = await observed.ledger()
    return { priceOf: new Map(tickets.map((row) => [row.order_id, Number(row.value)])), totals }
  })()
  const find = async (invariant: string, statement: string, rows: (data: Awaited<typeof gathered>) => unknown[]) => ({
    invariant,
    statement,
    rows: rows(await gathered),
  })
  return [
    find('I2', 'what the gateway has kept is the price of the valid tickets, order by order', ({ priceOf, totals }) =>
      totals.filter(({ orderId, captured, refunded }) => captured - refunded !== (priceOf.get(orderId) ?? 0)),
    ),
    find('I4', 'at most one successful charge per order', ({ totals }) => totals.filter((total) => total.successfulCharges > 1)),
    find('I5', 'money that was taken has tickets or went back', ({ priceOf, totals }) =>
      totals.filter(({ orderId, captured, refunded }) => captured > 0 && !priceOf.has(orderId) && refunded !== captured),
    ),
    find('I6', 'no valid ticket without a charge, unless it cost nothing', ({ priceOf, totals }) => {
      const charged = new Set(totals.filter(({ successfulCharges }) => successfulCharges > 0).map(({ orderId }) => orderId))
      return [...priceOf].filter(([orderId, value]) => value > 0 && !charged.has(orderId))
    }),
  ]
}

/** I10, first half. */
async function unpublished(query: Query): Promise<Violation> {
  const sql = 'select message_id, topic, event_type, attempts from outbox where published_at is null'
  const rows = (await Promise.all(serviceKeys.map((service) => query(service, sql)))).flat()
  return { invariant: 'I10', statement: 'every committed message is published', rows }
}

/** I10, second half: every subscribed consumer has taken in every message that was published for it. */
async function unheard(query: Query): Promise<Violation> {
  const rows: unknown[] = []
  const published = (
    await Promise.all(
      serviceKeys.map((service) =>
        query<{ message_id: string; topic: string; event_type: string }>(
          service,
          `select message_id, topic, event_type from outbox where published_at is not null
           union all select message_id, topic, event_type from message_archive`,
        ),
      ),
    )
  ).flat()
  for (const [queue, service] of Object.entries(consumers) as [QueueName, ServiceKey][]) {
    const subscriptions: readonly Subscription[] = queues[queue].subscriptions
    const due = published.filter(({ topic, event_type }) =>
      subscriptions.some((one) => one.topic === topic && (one.eventTypes?.includes(event_type) ?? messages.has(event_type))),
    )
    const known = await query<{ message_id: string }>(service, 'select message_id from inbox where consumer = $1', [queue])
    const taken = new Set(known.map(({ message_id }) => message_id))
    rows.push(...due.filter(({ message_id }) => !taken.has(message_id)).map((message) => ({ queue, ...message })))
  }
  return { invariant: 'I10', statement: 'every published message was taken in by every consumer that is subscribed to it', rows }
}

/** I18, for the events that Redis has a picture of. */
async function redisPicture(query: Query, redis: Redis): Promise<Violation> {
  const counters = await query<{ ticket_type_id: string; event_id: string; free: number }>(
    'tickets',
    'select ticket_type_id, event_id, capacity - held - sold as free from ticket_type_counters',
  )
  const rows: unknown[] = []
  for (const { ticket_type_id, event_id, free } of counters) {
    const pictured = await redis.hget(`tickets:{${event_id}}:free`, ticket_type_id)
    if (pictured !== null && Number(pictured) !== free) rows.push({ ticket_type_id, inRedis: Number(pictured), free })
  }
  return { invariant: 'I18', statement: 'what Redis shows as free is what PostgreSQL has free', rows }
}
