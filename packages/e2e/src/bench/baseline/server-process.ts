import { randomUUID } from 'node:crypto'
import process from 'node:process'
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import pg from 'pg'

// The baselines: a bare Fastify that runs one Redis script per request; the same plus one INSERT; a static
// response. It receives the addresses of its stores as arguments and reports its port.
const [redisUrl = '', databaseUrl = ''] = process.argv.slice(2)
const redis = new Redis(redisUrl)
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 })
pool.on('error', () => {})
await pool.query(
  'create table if not exists holds (id uuid primary key, user_id text, seat text, expires_at timestamptz)',
)
redis.defineCommand('hold', {
  numberOfKeys: 1,
  lua:
    "if redis.call('hsetnx', KEYS[1], ARGV[1], ARGV[2]) == 1 then " +
    "redis.call('hincrby', KEYS[1], 'held', 1) return 1 end return 0",
})
const hold = (key: string, seat: string, id: string): Promise<number> =>
  (redis as never as Commands).hold(key, seat, id)
interface Commands {
  hold(key: string, seat: string, id: string): Promise<number>
}

interface HoldBody {
  eventId: string
  seat: string
  userId: string
}
const HOLD_MS = 900_000
const app = Fastify()
const answerOf = (id: string, { eventId, seat }: HoldBody) => ({
  reservationId: id,
  reserved: true,
  eventId,
  status: 'ACTIVE',
  expiresAt: new Date(Date.now() + HOLD_MS),
  tickets: [{ ticketTypeId: eventId, quantity: 1, unitPrice: 40, totalPrice: 40, seatIds: [seat] }],
  totalAmount: 40,
  currency: 'EUR',
})
const refusal = {
  error: 'SEATS_TAKEN',
  message: 'some of these seats are taken',
  requestId: randomUUID(),
  seatIds: ['1-A-1'],
}

app.post<{ Body: HoldBody }>('/redis', async ({ body }, reply) => {
  const id = randomUUID()
  if ((await hold(`bare:${body.eventId}`, body.seat, id)) === 0) return reply.code(409).send(refusal)
  return reply.code(201).send(answerOf(id, body))
})
app.post<{ Body: HoldBody }>('/redis-and-insert', async ({ body }, reply) => {
  const id = randomUUID()
  if ((await hold(`bare:${body.eventId}`, body.seat, id)) === 0) return reply.code(409).send(refusal)
  await pool.query({
    name: 'hold',
    text: 'insert into holds (id, user_id, seat, expires_at) values ($1, $2, $3, $4)',
    values: [id, body.userId, body.seat, new Date(Date.now() + HOLD_MS)],
  })
  return reply.code(201).send(answerOf(id, body))
})
app.post('/refuse', (_request, reply) => reply.code(409).send(refusal))
// The response to a bare edge: the same path and size as the ticket service's.
app.post<{ Body: { eventId: string } }>('/api/tickets/reservations', ({ body }, reply) =>
  reply.code(201).send(answerOf(randomUUID(), { eventId: body.eventId, seat: '1-A-1', userId: '' })),
)

await app.listen({ host: '127.0.0.1', port: 0 })
process.on('disconnect', () => process.exit(0))
process.send?.({ port: (app.server.address() as { port: number }).port })
