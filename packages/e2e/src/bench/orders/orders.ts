import { invariantsHold } from '../report.ts'
import { burst, quiet } from './answers.ts'
import { commandsInOrder, killedWorkers } from './faults.ts'
import { createWorld } from './world.ts'

/**
 * Compares orders through the queue with synchronous orders in the same run: the response time when the
 * gateway takes 300 ms, a burst of ten times the gateway's capacity, the order of commands, and killed
 * processes. Returns whether all checks passed.
 */
export async function benchOrders(): Promise<boolean> {
  const world = await createWorld()
  try {
    const kept = [
      await quiet(world),
      await burst(world),
      await commandsInOrder(world),
      await killedWorkers(world),
      await invariantsHold(world.bench.observed),
    ]
    return kept.every(Boolean)
  } finally {
    await world.stop()
  }
}
