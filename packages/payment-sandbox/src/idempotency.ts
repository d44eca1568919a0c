import { createHash } from 'node:crypto'
import type { RequestInfo, Result, Work } from './context.ts'
import type { Database, Tx } from './database.ts'
import { invalidRequest, Refusal } from './errors.ts'
import { canonicalForm, type Form } from './form.ts'

/** How long Stripe stores a key. */
export const IDEMPOTENCY_PERIOD_MS = 24 * 60 * 60 * 1_000
const KEY_LENGTH_MAX = 255
const PRUNED_AT_ONCE_MAX = 100

export interface Executed {
  status: number
  /** JSON */
  body: string
  reply: Result['reply']
  /** The original request, if this response is a replay. */
  replayOf: string | null
}

export interface ExecutionRequest extends RequestInfo {
  /** Method and path, such as `POST /v1/refunds`. */
  endpoint: string
  params: Form
}

interface Remembered {
  endpoint: string
  fingerprint: string
  requestId: string
  status: number
  body: string
  createdAtMs: number
}

/**
 * Executes writing requests, each atomically with the response that its idempotency key will replay.
 * Stripe's rules: the first response of an execution, a decline or a 500 too, is stored for `periodMs`; the
 * same key with other parameters or for another endpoint is an `idempotency_error` (400), and a 409 while
 * the first request is in progress; a request refused before execution is not stored. Keys in progress are
 * known to this process only, so a crash releases them.
 * `prepare` validates the parameters and throws a Refusal; `wait` resolves after a number of milliseconds.
 */
export function createExecutor(options: {
  database: Database
  now: () => number
  periodMs: number
  wait: (ms: number) => Promise<void>
}): (request: ExecutionRequest, prepare: () => Work) => Promise<Executed> {
  const { database, now, periodMs, wait } = options
  const atWork = new Set<string>()

  /** Returns the stored response of a key; null if the key is new. */
  const replayed = (tx: Tx, request: ExecutionRequest): Executed | null => {
    const known = request.idempotencyKey === null ? null : recall(tx, request.idempotencyKey)
    return known !== null && known.createdAtMs > now() - periodMs ? replay(known, request) : null
  }

  const run = async (request: ExecutionRequest, work: Work): Promise<Executed> => {
    if (work.delayMs > 0) await wait(work.delayMs)
    return database.groupCommit((tx) => {
      // The same key may arrive twice in one event loop iteration.
      const known = replayed(tx, request)
      if (known !== null) return known
      const { status, body, reply } = work.run(tx, request)
      const text = JSON.stringify(body)
      if (request.idempotencyKey !== null) remember(tx, request, status, text, now(), periodMs)
      return { status, body: text, reply, replayOf: null }
    })
  }

  return async (request, prepare) => {
    const key = request.idempotencyKey
    if (key === '' || (key !== null && key.length > KEY_LENGTH_MAX))
      throw invalidRequest(`Idempotency keys must have between 1 and ${KEY_LENGTH_MAX} characters.`)
    if (key !== null && atWork.has(key)) throw inUse(key)
    const known = replayed(database.read, request)
    if (known !== null) return known
    const work = prepare()
    if (key === null || work.delayMs === 0) return run(request, work)
    atWork.add(key)
    try {
      return await run(request, work)
    } finally {
      atWork.delete(key)
    }
  }
}

function replay(known: Remembered, { endpoint, params, idempotencyKey }: ExecutionRequest): Executed {
  const rule = 'Keys for idempotent requests can only be used'
  const mend = `Try using a key other than '${idempotencyKey}' if you meant to execute a different request.`
  if (known.endpoint !== endpoint)
    throw mismatch(
      `${rule} for the same endpoint they were first used for ('${known.endpoint}' vs '${endpoint}'). ` +
        mend,
    )
  if (known.fingerprint !== fingerprint(params))
    throw mismatch(`${rule} with the same parameters they were first used with. ${mend}`)
  return { status: known.status, body: known.body, reply: 'sent', replayOf: known.requestId }
}

const mismatch = (message: string) => new Refusal(400, { type: 'idempotency_error', message })

const inUse = (key: string) =>
  new Refusal(409, {
    type: 'idempotency_error',
    code: 'idempotency_key_in_use',
    message:
      'There is currently another in-progress request using this Idempotent Key ' +
      `(that probably means you submitted twice, and the other request is still going through): ` +
      `${key}. Please try again later.`,
  })

const fingerprint = (params: Form) => createHash('sha256').update(canonicalForm(params)).digest('hex')

function recall(read: Tx, key: string): Remembered | null {
  return read.get<Remembered>(
    `select endpoint, fingerprint, request_id as requestId, status, body, created_at_ms as createdAtMs
     from idempotency_keys where key = ?`,
    key,
  )
}

function remember(
  tx: Tx,
  request: ExecutionRequest,
  status: number,
  body: string,
  nowMs: number,
  periodMs: number,
): void {
  const expiredMs = nowMs - periodMs
  tx.run(
    'delete from idempotency_keys where key = ? and created_at_ms <= ?',
    request.idempotencyKey,
    expiredMs,
  )
  tx.run(
    `insert into idempotency_keys (key, endpoint, fingerprint, request_id, status, body, created_at_ms)
     values (?, ?, ?, ?, ?, ?, ?)`,
    request.idempotencyKey,
    request.endpoint,
    fingerprint(request.params),
    request.id,
    status,
    body,
    nowMs,
  )
  tx.run(
    `delete from idempotency_keys where key in
       (select key from idempotency_keys where created_at_ms <= ? order by created_at_ms limit ?)`,
    expiredMs,
    PRUNED_AT_ONCE_MAX,
  )
}
