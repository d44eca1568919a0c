import { type OrderId, paymentsSagaRoutes } from '@boxoffice/contracts'
import { Failure } from '../failure.ts'
import type { Call, Result } from '../framework/command.ts'
import { withService } from '../services.ts'
import { noOrder } from './show.ts'

/** Runs a saga now instead of after its wait. */
export const resumeSaga = (
  { config, dryRun, confirm }: Pick<Call, 'config' | 'dryRun' | 'confirm'>,
  orderId: OrderId,
): Promise<Result> =>
  withService(config, 'payments', paymentsSagaRoutes, async (payments) => {
    const params = { orderId }
    const found = await payments.getSaga({ params })
    if (found.status !== 200) throw noOrder(orderId)
    const { events: _, ...saga } = found.body
    if (!saga.nextAttemptAt) throw ended(saga.state)
    if (dryRun) {
      const text = `the saga would go on from ${saga.state}. Nothing was changed.\n`
      return { document: { ...saga, dryRun }, text }
    }
    await confirm(`Run the saga of ${orderId} now? It is ${saga.state}.`)
    const answer = await payments.resumeSaga({ params })
    if (answer.status === 404) throw noOrder(orderId)
    if (answer.status === 409) throw ended(saga.state)
    const { state } = answer.body
    const text = `the saga goes on from ${state}: \`boxoffice sagas show ${orderId}\` shows how\n`
    return { document: { ...answer.body, dryRun }, text }
  })

const ended = (state: string) => new Failure('SAGA_ENDED', `the saga has ended: it is ${state}`)
