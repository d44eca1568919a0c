import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { paymentFailed } from '@boxoffice/contracts'
import { createAws, createMessaging, messagingConfig, messagingEnvironment } from '@boxoffice/messaging'
import { baseConfig, baseEnvironment, createFoundation, readEnvironment } from '@boxoffice/service-kit'
import { z } from 'zod'
import { spreadOf } from '../statistics.ts'
import { QUEUE } from './consuming.ts'

// Commits messages at a fixed rate through the outbox, and reports how long after its commit each could be
// received.
const { environment, perSecond, seconds } = JSON.parse(process.argv[2] ?? '')
const Environment = z.object({ PORT: z.coerce.number(), ...baseEnvironment, ...messagingEnvironment })
const read = readEnvironment(Environment, environment)
const config = { ...baseConfig('payment-service', read as never), messaging: messagingConfig(read) }
const foundation = createFoundation(config)
const messaging = createMessaging(foundation, config.messaging)
const aws = createAws(config.messaging)
const QueueUrl = await aws.queueUrl(QUEUE)
const committedMs = new Map<string, number>()
const arrivedMs = new Map<string, number>()
const total = perSecond * seconds
const POLLS = 4

async function receive(): Promise<void> {
  while (arrivedMs.size < total) {
    const { Messages = [] } = await aws.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    )
    const nowMs = performance.now()
    for (const { Body = '' } of Messages) arrivedMs.set(JSON.parse(Body).messageId, nowMs)
    if (Messages.length === 0) continue
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }))
    await aws.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))
  }
}

async function publish(): Promise<void> {
  const payload = {
    ...{ orderId: randomUUID(), eventId: randomUUID(), userId: randomUUID(), reservationId: randomUUID() },
    ...{
      orderNumber: 'ORD-2026-000001',
      failureReason: 'CARD_DECLINED',
      errorMessage: 'declined',
      retryable: false,
    },
    ...{ totalAmount: null, currency: null },
  }
  const messageId = await foundation.db.transact((tx) =>
    messaging.append(tx, paymentFailed, payload as never, { aggregateVersion: 1 }),
  )
  committedMs.set(messageId, performance.now())
}

messaging.relay.start()
process.send?.({ ready: true })
// Several polls, because this measures when a message is available, not the speed of one poll.
const receiving = Promise.all(Array.from({ length: POLLS }, receive))
const startedMs = performance.now()
const publishing: Promise<void>[] = []
for (let index = 0; index < total; index++) {
  const waitMs = startedMs + (index * 1_000) / perSecond - performance.now()
  if (waitMs > 0) await sleep(waitMs)
  publishing.push(publish())
}
await Promise.all(publishing)
await Promise.race([receiving, sleep(30_000)])
// A message may arrive before its commit returns; then its latency counts as 0.
const latencies = [...arrivedMs].map(([id, atMs]) => Math.max(0, atMs - (committedMs.get(id) ?? Number.NaN)))
process.send?.({
  result: {
    published: committedMs.size,
    arrived: arrivedMs.size,
    spread: spreadOf(latencies.filter(Number.isFinite)),
  },
})
process.on('disconnect', () => process.exit(0))
