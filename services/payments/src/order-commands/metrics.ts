import type { Metrics } from '@boxoffice/service-kit'

export type OrderCommand = 'CREATE_ORDER' | 'UPDATE_ORDER' | 'DELETE_ORDER'
/**
 * `repeated`: it was done before; `late`: nothing could be changed any more; `waiting`: no slot was free, and
 * it begins when one is.
 */
export type CommandOutcome = 'done' | 'repeated' | 'late' | 'waiting'

/** Counts order commands by outcome. Count after the commit. */
export function createOrderCommandMetrics(metrics: Metrics) {
  const accepted = metrics.counter(
    'order_commands_accepted_total',
    'order commands that were accepted for later',
    ['command'],
  )
  const taken = metrics.counter(
    'order_commands_total',
    'order commands that were taken from the queue, by what came of them',
    ['command', 'outcome'],
  )
  const slots = metrics.gauge('order_workers_busy', 'queued orders in progress', [])
  slots.set(0)
  return {
    accepted: (command: OrderCommand) => accepted.inc({ command }),
    taken: (command: OrderCommand, outcome: CommandOutcome) => taken.inc({ command, outcome }),
    busy: (count: number) => slots.set(count),
  }
}
export type OrderCommandMetrics = ReturnType<typeof createOrderCommandMetrics>
