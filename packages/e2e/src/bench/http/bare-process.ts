import {
  argon2,
  createHash,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  randomUUID,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import process from 'node:process'
import { promisify } from 'node:util'
import Fastify from 'fastify'
import pg from 'pg'
import type { BareInput } from './http.ts'

// The same statements, password hash and signatures as the services, without anything else: no token
// verification, validation, logs, metrics or limits.
const input: BareInput = JSON.parse(process.argv[2] ?? '')
const poolOf = (connectionString: string) => {
  const pool = new pg.Pool({ connectionString, max: 10 })
  pool.on('error', () => {})
  return pool
}
const own = poolOf(input.ownUrl)
const events = poolOf(input.eventsUrl)
const payments = poolOf(input.paymentsUrl)
const argon2Async = promisify(argon2)
const signingKey = createPrivateKey({ key: input.tokenKey, format: 'jwk' })
const ticketKey = createPublicKey(createPrivateKey({ key: input.ticketKey, format: 'jwk' }))

await own.query(`
  create table if not exists users (email text primary key, user_id uuid, salt bytea, tag bytea);
  create table if not exists families (family_id uuid primary key, user_id uuid,
    created_at timestamptz default now());
  create table if not exists refresh_tokens (token_hash bytea primary key, family_id uuid references families,
    created_at timestamptz default now());
  create table if not exists bare_tickets (ticket_id uuid primary key, event_id uuid, status text,
    version integer default 1);
  create table if not exists bare_check_ins (check_in_id uuid primary key, ticket_id uuid unique,
    checked_in_at timestamptz default now());
  create table if not exists bare_outbox (message_id uuid primary key, body text)`)
await own.query(
  'insert into users select email, gen_random_uuid(), $2, $3 from unnest($1::text[]) as email',
  [input.emails, Buffer.from(input.salt, 'base64'), Buffer.from(input.tag, 'base64')],
)

async function inTransaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await own.connect()
  try {
    await client.query('begin')
    const result = await work(client)
    await client.query('commit')
    return result
  } finally {
    client.release()
  }
}

const app = Fastify()
app.post<{ Body: { email: string; password: string } }>('/login', async ({ body }, reply) => {
  const { rows } = await own.query('select * from users where email = $1', [body.email])
  const [user] = rows
  const tag = await argon2Async('argon2id', {
    message: body.password,
    nonce: user.salt,
    memory: 19_456,
    passes: 2,
    parallelism: 1,
    tagLength: 32,
  })
  if (!timingSafeEqual(tag, user.tag)) return reply.code(401).send({})
  const refreshToken = randomBytes(32).toString('base64url')
  await inTransaction(async (client) => {
    const familyId = randomUUID()
    await client.query('insert into families (family_id, user_id) values ($1, $2)', [familyId, user.user_id])
    await client.query('insert into refresh_tokens (token_hash, family_id) values ($1, $2)', [
      createHash('sha256').update(refreshToken).digest(),
      familyId,
    ])
  })
  const claims = Buffer.from(JSON.stringify({ sub: user.user_id, email: body.email })).toString('base64url')
  const accessToken = `${claims}.${sign(null, Buffer.from(claims), signingKey).toString('base64url')}`
  return { user: { userId: user.user_id, email: body.email }, accessToken, refreshToken, expiresIn: 600 }
})
app.get('/events', async () => {
  const { rows } = await events.query({
    name: 'list',
    text: `select * from events where status = 'PUBLISHED' and event_date > now()
      order by event_date, id limit 21`,
  })
  return { events: rows.slice(0, 20), nextCursor: null }
})
app.get<{ Params: { id: string } }>('/events/:id', async ({ params }) => {
  const { rows } = await events.query({
    name: 'event',
    text: 'select * from events where id = $1',
    values: [params.id],
  })
  return rows[0]
})
app.get('/orders', async ({ headers }) => {
  const { rows } = await payments.query({
    name: 'orders',
    text: `select o.*,
      coalesce((select jsonb_agg(jsonb_build_object('ticketTypeId', i.ticket_type_id, 'quantity', i.quantity))
        from order_items i where i.order_id = o.order_id), '[]') as items,
      coalesce((select jsonb_agg(jsonb_build_object('ticketId', t.ticket_id, 'ticketNumber', t.ticket_number,
        'qrCode', t.qr_code)
        order by t.ticket_number) from order_tickets t where t.order_id = o.order_id), '[]') as tickets
      from orders o where user_id = $1 order by created_at desc, order_id desc limit 21`,
    values: [headers['x-user-id']],
  })
  return { orders: rows, nextCursor: null }
})
app.post<{ Body: { code: string } }>('/check-in', async ({ body }, reply) => {
  const code = Buffer.from(body.code, 'base64url')
  if (!verify(null, code.subarray(0, -64), ticketKey, code.subarray(-64))) return reply.code(404).send({})
  const ticketId = code.subarray(5, 21).toString('hex')
  const admitted = await inTransaction(async (client) => {
    // The ticket is inserted when it is scanned; only its admission is measured.
    await client.query(
      `insert into bare_tickets (ticket_id, status) values ($1, 'ACTIVE') on conflict do nothing`,
      [ticketId],
    )
    const { rows } = await client.query(
      `with admitted as (update bare_tickets set status = 'CHECKED_IN', version = version + 1
         where ticket_id = $1 and status = 'ACTIVE' returning ticket_id)
       insert into bare_check_ins (check_in_id, ticket_id) select $2, ticket_id from admitted returning *`,
      [ticketId, randomUUID()],
    )
    await client.query('insert into bare_outbox values ($1, $2)', [
      randomUUID(),
      JSON.stringify(rows[0] ?? {}),
    ])
    return rows[0]
  })
  return admitted ? { admitted: true, checkedInAt: admitted.checked_in_at } : reply.code(409).send({})
})
await app.listen({ host: '127.0.0.1', port: 0 })
process.on('disconnect', () => process.exit(0))
process.send?.({ port: (app.server.address() as { port: number }).port })
