import { type NotificationId, notificationsOperatorRoutes, type OrderId } from '@boxoffice/contracts'
import { Failure } from '../failure.ts'
import type { Call, Result } from '../framework/command.ts'
import { withService } from '../services.ts'

type Change = Pick<Call, 'config' | 'dryRun' | 'confirm'>

/** Sends a notification again. */
export const resendNotification = (call: Change, notificationId: NotificationId): Promise<Result> =>
  resend(call, `notification ${notificationId}`, (client) =>
    client.resendNotification({ params: { notificationId } }),
  )

/** Sends the tickets of an order to its buyer again. */
export const resendOrder = (call: Change, orderId: OrderId): Promise<Result> =>
  resend(call, `the tickets of order ${orderId}`, (client) =>
    client.resendOrderAsOperator({ params: { orderId } }),
  )

type Client = Parameters<Parameters<typeof withService<typeof notificationsOperatorRoutes, unknown>>[3]>[0]
type Answer =
  | Awaited<ReturnType<Client['resendNotification']>>
  | Awaited<ReturnType<Client['resendOrderAsOperator']>>

async function resend(
  { config, dryRun, confirm }: Change,
  what: string,
  ask: (client: Client) => Promise<Answer>,
): Promise<Result> {
  if (dryRun)
    return {
      document: { notificationId: null, dryRun },
      text: `${what} would be sent again. Nothing was changed.\n`,
    }
  await confirm(`Send ${what} again?`)
  return withService(config, 'notifications', notificationsOperatorRoutes, async (client) => {
    const answer = await ask(client)
    if (answer.status !== 202)
      throw new Failure(answer.body.error, `nothing was sent: ${answer.body.message}`)
    const { notificationId } = answer.body
    return {
      document: { notificationId, dryRun },
      text: `sending ${what} again, as notification ${notificationId}\n`,
    }
  })
}
