import type { NotificationId } from '@boxoffice/contracts'
import type { Logger, Metrics, Sql } from '@boxoffice/service-kit'
import { blanked } from '../notifications/blanked.ts'
import { PushLater } from './push-later.ts'
import type { PushMessage } from './push-message.ts'
import { calleeOf, type PushOutcome, type SendPush } from './push-service.ts'
import { type Device, removeGone, saveOutcome, saveWait } from './subscription-repository.ts'

/** How long a device is retried, unless the push expires earlier. */
const TRIED_MS = 4 * 3_600_000

export interface DeviceDeliveryOptions {
  sql: Sql
  send: SendPush
  metrics: Metrics
  logger: Logger
  now: () => Date
}

/** Creates the delivery of a push to one device, which records its outcome or when to retry it. */
export function createDeviceDelivery(deps: DeviceDeliveryOptions) {
  const { sql, logger } = deps
  const devicesTotal = deps.metrics.counter('push_devices_total', 'pushes to single devices, by outcome', [
    'outcome',
  ])

  async function recordOutcome(
    device: Device,
    outcome: PushOutcome | 'GIVEN_UP',
    notificationId: NotificationId,
    error?: unknown,
  ) {
    const { subscriptionId } = device
    await saveOutcome(sql, notificationId, {
      subscriptionId,
      outcome,
      usedAt: outcome === 'ACCEPTED' ? deps.now() : null,
    })
    if (outcome === 'GONE') await removeGone(sql, device)
    devicesTotal.inc({ outcome: outcome.toLowerCase() })
    if (outcome !== 'ACCEPTED') {
      const why = error === undefined ? {} : { err: blanked(error) }
      logger.info({ notificationId, subscriptionId, outcome, ...why }, 'device did not receive a push')
    }
  }

  /** Rejects if the device has to be retried. */
  async function sendTo(device: Device, message: PushMessage, notificationId: NotificationId): Promise<void> {
    const now = deps.now()
    const waitMs = (device.notBefore?.getTime() ?? 0) - now.getTime()
    if (waitMs > 0) throw new PushLater(calleeOf(device.endpoint), waitMs, 'its retry is not due')
    try {
      await recordOutcome(device, await deps.send(device, message, notificationId), notificationId)
    } catch (error) {
      const failedSince = device.failedSince ?? now
      const endsMs = failedSince.getTime() + Math.min(TRIED_MS, message.ttlSeconds * 1_000)
      if (endsMs <= now.getTime()) return recordOutcome(device, 'GIVEN_UP', notificationId, error)
      devicesTotal.inc({ outcome: 'later' })
      if (!(error instanceof PushLater)) {
        await saveWait(sql, notificationId, { ...device, failedSince, notBefore: null })
        throw error
      }
      // Retry when the push expires, however long the service asks us to wait.
      const askedMs = Math.min(error.retryAfterMs, endsMs - now.getTime())
      await saveWait(sql, notificationId, {
        ...device,
        failedSince,
        notBefore: new Date(now.getTime() + askedMs),
      })
      throw new PushLater(calleeOf(device.endpoint), askedMs, error.cause)
    }
  }

  return sendTo
}
