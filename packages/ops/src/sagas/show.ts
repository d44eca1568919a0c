import { type OrderId, paymentsSagaRoutes, type SagaJournal } from '@boxoffice/contracts'
import type { Config } from '../config.ts'
import { Failure } from '../failure.ts'
import type { Result } from '../framework/command.ts'
import { ageOf, type Column, printable, renderTable, timeOf } from '../output/table.ts'
import { withService } from '../services.ts'
import type { Terminal } from '../terminal.ts'

/** Shows the journal of an order. */
export const showSaga = (
  config: Config,
  orderId: OrderId,
  { colours, now }: Pick<Terminal, 'colours' | 'now'>,
): Promise<Result> =>
  withService(config, 'payments', paymentsSagaRoutes, async (payments) => {
    const answer = await payments.getSaga({ params: { orderId } })
    if (answer.status !== 200) throw noOrder(orderId)
    const saga = answer.body
    const lines = [
      `${orderId} is ${saga.state} since ${timeOf(saga.since)} (${ageOf(saga.since, now())})`,
      ...(saga.lastError ? [`last error: ${printable(saga.lastError)} (attempt ${saga.attempts})`] : []),
      ...(saga.nextAttemptAt ? [`next attempt: ${timeOf(saga.nextAttemptAt)}`] : []),
    ]
    return { document: saga, text: `${lines.join('\n')}\n\n${renderTable(columns, saga.events, colours)}` }
  })

export const noOrder = (orderId: OrderId) => new Failure('ORDER_NOT_FOUND', `there is no order ${orderId}`)

type Event = SagaJournal['events'][number]
const columns: readonly Column<Event>[] = [
  { title: 'AT', text: ({ at }) => at.toISOString().slice(0, 23).replace('T', ' ') },
  {
    title: 'STEP',
    text: ({ step, moment, result }) =>
      moment === 'INTENT' ? `${step} …` : [step, result].filter(Boolean).join(' '),
    paint: ({ moment }) => (moment === 'INTENT' ? 'dim' : undefined),
  },
  { title: 'STATE', text: ({ state }) => state },
  { title: 'FENCE', right: true, text: ({ fence }) => fence },
  { title: 'DETAIL', text: ({ detail }) => (detail ? JSON.stringify(detail).slice(0, 100) : '') },
]
