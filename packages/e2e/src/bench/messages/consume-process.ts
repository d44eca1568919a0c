import { createRequire } from 'node:module'
import path from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { paymentFailed } from '@boxoffice/contracts'
import { createAws, createMessaging, messagingConfig, messagingEnvironment, on } from '@boxoffice/messaging'
import { baseConfig, baseEnvironment, createFoundation, readEnvironment } from '@boxoffice/service-kit'
import pg from 'pg'
import { z } from 'zod'
import type { ConsumeInput } from './consuming.ts'

// Consumes a number of messages from a queue in one of three ways, and reports how long that took.
const input: ConsumeInput = JSON.parse(process.argv[2] ?? '')
const { how, environment, queue, count, toolkitFolder } = input
const Environment = z.object({ PORT: z.coerce.number(), ...baseEnvironment, ...messagingEnvironment })
const read = readEnvironment(Environment, environment)
const config = { ...baseConfig('ticket-service', read as never), messaging: messagingConfig(read) }
const aws = createAws(config.messaging)
const QueueUrl = await aws.queueUrl(queue)
let done = 0
let startedMs = 0
const finished = Promise.withResolvers<void>()
const took = (messages = 1) => {
  done += messages
  if (done >= count) finished.resolve()
}
const begin = () => {
  process.send?.({ ready: true })
  startedMs = performance.now()
}

/** Writes the inbox row and the effect in one transaction and acknowledges after it, as the services do. */
async function ours(): Promise<void> {
  const messaging = createMessaging(createFoundation(config), config.messaging)
  const worker = messaging.consume(queue, [
    on(paymentFailed, async (tx, { payload }) => {
      await tx.query('insert into bench_effects (order_id) values ($1)', [payload.orderId])
      took()
    }),
  ])
  begin()
  worker.start()
  await finished.promise
}

/** Receives ten, deletes ten: the limit of SQS itself. */
async function bare(): Promise<void> {
  begin()
  const loop = async () => {
    while (done < count) {
      const { Messages = [] } = await aws.sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
      )
      if (Messages.length === 0) continue
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }))
      await aws.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))
      took(Messages.length)
    }
  }
  // Keeps as many polls open as a consumer of the services: one.
  await Promise.all(Array.from({ length: input.loops }, loop))
}

/**
 * Runs the toolkit's consumer with an equivalent handler: an inbox row and the effect in one transaction.
 */
async function toolkit(): Promise<void> {
  const require = createRequire(path.join(toolkitFolder, 'package.json'))
  const load = (name: string) => import(pathToFileURL(require.resolve(name)).href)
  const { AbstractSqsConsumer } = await load('@message-queue-toolkit/sqs')
  const { MessageHandlerConfigBuilder } = await load('@message-queue-toolkit/core')
  const { z: theirs } = await load('zod')
  const { SQSClient } = await load('@aws-sdk/client-sqs')
  const schema = theirs.looseObject({
    messageId: theirs.string(),
    eventType: theirs.literal('PAYMENT_FAILED'),
    timestamp: theirs.string(),
    payload: theirs.looseObject({ orderId: theirs.string() }),
  })
  const pool = new pg.Pool({ connectionString: config.databaseUrl, max: 10 })
  const effect = async ({ messageId, payload }: { messageId: string; payload: { orderId: string } }) => {
    const client = await pool.connect()
    try {
      await client.query('begin')
      const { rowCount } = await client.query(
        `insert into inbox (consumer, message_id, event_type) values ($1, $2, 'PAYMENT_FAILED')
         on conflict do nothing`,
        [queue, messageId],
      )
      if (rowCount) await client.query('insert into bench_effects (order_id) values ($1)', [payload.orderId])
      await client.query('commit')
    } catch (error) {
      await client.query('rollback')
      throw error
    } finally {
      client.release()
    }
    took()
    return { result: 'success' as const }
  }
  const logger = {
    info() {},
    warn() {},
    debug() {},
    trace() {},
    error: console.error,
    fatal: console.error,
    child: () => logger,
    level: 'warn',
  }
  const dependencies = {
    sqsClient: new SQSClient({ region: config.messaging.region, endpoint: config.messaging.sqsEndpoint }),
    logger,
    errorReporter: { report: ({ error }: { error: unknown }) => console.error(error) },
    consumerErrorResolver: { processError: (error: unknown) => error },
  }
  const options = {
    locatorConfig: { queueUrl: QueueUrl },
    handlers: new MessageHandlerConfigBuilder().addConfig(schema, effect).build(),
    messageTypeResolver: { messageTypePath: 'eventType' },
    messageIdField: 'messageId',
    messageTimestampField: 'timestamp',
    concurrentConsumersAmount: input.loops,
    consumerOverrides: { batchSize: 10, waitTimeSeconds: 0, pollingWaitTimeMs: 0 },
  }
  const Consumer: new (...args: unknown[]) => { start(): Promise<void> } =
    class extends AbstractSqsConsumer {}
  const consumer = new Consumer(dependencies, options, {})
  begin()
  await consumer.start()
  await finished.promise
}

await { ours, bare, toolkit }[how]()
process.send?.({ result: { seconds: (performance.now() - startedMs) / 1_000, done } })
process.on('disconnect', () => process.exit(0))
