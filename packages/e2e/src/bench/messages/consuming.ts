import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import { paymentFailed, type QueueName } from '@boxoffice/contracts'
import { createAws, messagingConfig, messagingEnvironment, provision } from '@boxoffice/messaging'
import { ensureDatabase, migrate, readEnvironment } from '@boxoffice/service-kit'
import pg from 'pg'
import { z } from 'zod'
import { runProgram } from '../baseline/run-program.ts'
import type { BenchSystem } from '../bench-system.ts'
import { type Limits, observe } from '../measure/limits.ts'

export interface ConsumeInput {
  how: 'ours' | 'bare' | 'toolkit'
  environment: Record<string, string>
  queue: QueueName
  count: number
  /** Concurrent polls of the bare loop and the toolkit. */
  loops: number
  toolkitFolder: string
}

/** A queue of the ticket service, used here under a separate prefix. */
export const QUEUE = 'ticket-processing-queue'
const PREFIX = 'bench-'
const MIGRATIONS = path.resolve(import.meta.dirname, '../../../../../services/tickets/prisma/migrations')

/**
 * Creates separate queues and a database in the system's SQS and PostgreSQL, so that no service consumes the
 * measured messages.
 */
export async function prepareQueues({ system }: BenchSystem) {
  const url = new URL(system.databaseUrl('tickets'))
  url.pathname = '/bench_messages'
  await ensureDatabase(url.href)
  await migrate(url.href, MIGRATIONS)
  const pool = new pg.Pool({ connectionString: url.href, max: 2 })
  pool.on('error', () => {})
  await pool.query('create table if not exists bench_effects (order_id uuid)')
  const environment = {
    ...system.env.tickets,
    DATABASE_URL: url.href,
    MESSAGING_PREFIX: PREFIX,
    LOG_LEVEL: 'warn',
  }
  const aws = createAws(messagingConfig(readEnvironment(z.object(messagingEnvironment), environment)))
  await provision(aws)
  return {
    aws,
    environment,
    /** Puts messages onto the queue in the format that topics deliver. */
    async fill(count: number): Promise<void> {
      const QueueUrl = await aws.queueUrl(QUEUE)
      const batches = Array.from({ length: Math.ceil(count / 10) }, (_, batch) =>
        Array.from({ length: Math.min(10, count - batch * 10) }, (_, index) => ({
          Id: String(index),
          MessageBody: newMessage(),
        })),
      )
      for (let from = 0; from < batches.length; from += 8)
        await Promise.all(
          batches
            .slice(from, from + 8)
            .map((Entries) => aws.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))),
        )
    },
    async effects(): Promise<{ effects: number; inbox: number }> {
      const { rows } = await pool.query<{ effects: number; inbox: number }>(
        `select (select count(*)::int from bench_effects) as effects,
           (select count(*)::int from inbox) as inbox`,
      )
      return rows[0] ?? { effects: 0, inbox: 0 }
    },
    async stop(): Promise<void> {
      aws.close()
      await pool.end()
    },
  }
}
export type Queues = Awaited<ReturnType<typeof prepareQueues>>

const newMessage = () => {
  const payload = {
    orderId: randomUUID(),
    orderNumber: 'ORD-2026-000001',
    eventId: randomUUID(),
    userId: randomUUID(),
    reservationId: randomUUID(),
    failureReason: 'CARD_DECLINED',
    errorMessage: 'the card was declined',
    retryable: false,
    totalAmount: null,
    currency: null,
  }
  const envelope = {
    messageId: randomUUID(),
    eventType: paymentFailed.eventType,
    version: '1.0',
    timestamp: new Date().toISOString(),
    correlationId: randomUUID(),
    aggregateVersion: 1,
    payload,
  }
  return JSON.stringify(envelope)
}

export interface Consumed {
  perSecond: number
  limits: Limits
}

const PATIENCE_MS = 180_000
const tooLong = () =>
  new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error('the messages were not consumed in time')), PATIENCE_MS).unref()
  })

/** Fills the queue and measures how fast a process empties it. */
export async function consume(
  bench: BenchSystem,
  queues: Queues,
  { how, count, loops, toolkitFolder }: Pick<ConsumeInput, 'how' | 'count' | 'loops' | 'toolkitFolder'>,
): Promise<Consumed> {
  await queues.fill(count)
  const input: ConsumeInput = {
    how,
    count,
    loops,
    toolkitFolder,
    environment: queues.environment,
    queue: QUEUE,
  }
  const program = runProgram<{ seconds: number; done: number }>(
    path.join(import.meta.dirname, 'consume-process.ts'),
    input,
  )
  try {
    const what = await bench.observable()
    await program.ready
    const pids = { ...what.pids, consumer: program.pid }
    const { result, limits } = await observe({ ...what, pids }, () =>
      Promise.race([program.result, tooLong()]),
    )
    return { perSecond: result.done / result.seconds, limits }
  } finally {
    await program.stop()
  }
}
