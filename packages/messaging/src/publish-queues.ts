import { type Destination, MESSAGE_BATCH_MAX } from '@boxoffice/contracts'
import { oncePerTick } from '@boxoffice/service-kit'
import type { Outgoing } from './outgoing.ts'
import { batchesOf } from './publisher.ts'

/** Batches of one destination in flight at once: messages committed meanwhile fill the next ones. */
const IN_FLIGHT_MAX = 2

/**
 * Queues committed messages in memory, one queue per destination, and publishes them in batches. Messages
 * committed in the same tick share batches. `publish` must not reject.
 */
export function createPublishQueues(
  publish: (destination: Destination, batch: readonly Outgoing[]) => Promise<void>,
) {
  const queues = new Map<Destination, { waiting: Outgoing[]; inFlight: Set<Promise<void>> }>()
  let unpublished = 0
  const pumpAll = oncePerTick(() => {
    for (const destination of queues.keys()) pump(destination)
  })

  function queueOf(destination: Destination) {
    const queue = queues.get(destination) ?? { waiting: [], inFlight: new Set() }
    queues.set(destination, queue)
    return queue
  }

  function pump(destination: Destination): void {
    const queue = queueOf(destination)
    while (queue.inFlight.size < IN_FLIGHT_MAX && queue.waiting.length > 0) {
      const [batch = []] = batchesOf(queue.waiting.slice(0, MESSAGE_BATCH_MAX))
      queue.waiting.splice(0, batch.length)
      const sending = publish(destination, batch).finally(() => {
        unpublished -= batch.length
        queue.inFlight.delete(sending)
        pump(destination)
      })
      queue.inFlight.add(sending)
    }
  }

  return {
    /** Messages that are queued or in flight. */
    size: () => unpublished,
    add(messages: readonly Outgoing[]): void {
      unpublished += messages.length
      for (const message of messages) queueOf(message.topic).waiting.push(message)
      pumpAll()
    },
    /** Resolves when every queue is empty. */
    async drain(): Promise<void> {
      while (unpublished > 0) {
        for (const destination of queues.keys()) pump(destination)
        await Promise.race([...queues.values()].flatMap(({ inFlight }) => [...inFlight]))
      }
    },
  }
}
