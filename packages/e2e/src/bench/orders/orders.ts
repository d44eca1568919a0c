import { invariantsHold } from '../report.ts'
import { burst, quiet } from './answers.ts'
import { commandsInOrder, killedWorkers } from './faults.ts'
import { createWorld } from './world.ts'

/**
 * Orders through the queue against orders that are waited for, in the same run: the answer when the gateway
 * takes 300 ms, a burst of ten times what the gateway takes, the order of commands, and processes that are
 * killed. Whether all that is promised was kept.
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
