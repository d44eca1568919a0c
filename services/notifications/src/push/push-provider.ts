import type { NotificationId } from '@boxoffice/contracts'
import { type Logger, type Metrics, ServiceUnavailable, type Tx } from '@boxoffice/service-kit'
import { blanked } from '../sending/blanked.ts'
import type { Handed } from '../sending/mail-provider.ts'
import type { PushMessage } from './push-message.ts'
import { PushLater, type SendPush } from './push-service.ts'
import { type Device, findDevices, findOutcomes, noteOutcome, removeGone } from './subscription-repository.ts'

/** Whoever brings pushes to the browsers of a user. */
export interface PushProvider {
  /** Our public key, with which browsers subscribe. */
  readonly publicKey: string
  /** Whether there is a device that a notification is for. */
  hasDevices(notificationId: NotificationId): Promise<boolean>
  /**
   * Bring a push to each device of its recipient that it has not come to. Rejects with ServiceUnavailable while one of their push
   * services cannot be had; `isLast`: that one is left out then, where another has taken it.
   */
  send(message: PushMessage, about: { notificationId: NotificationId; isLast: boolean }): Promise<Handed>
  close(): Promise<void>
}

/** The reasons for which it has come to none, the first that is among them. */
const failures = ['PUSH_TOO_LARGE', 'PUSH_REFUSED'] as const

/**
 * What becomes of a push is written down for each device as it is known: an attempt later goes to the others alone. The devices are
 * looked up right before: one that has become another account's gets nothing.
 */
export function createPushProvider(deps: {
  publicKey: string
  sql: Tx
  send: SendPush
  closeService: () => Promise<void>
  metrics: Metrics
  logger: Logger
  now: () => Date
}): PushProvider {
  const { publicKey, sql, logger } = deps
  const devicesTotal = deps.metrics.counter('push_devices_total', 'pushes to single devices, by what came of them', ['outcome'])

  /** What it could not be sent for; null where that is settled. */
  async function sendTo(device: Device, message: PushMessage, notificationId: NotificationId): Promise<unknown> {
    try {
      const outcome = await deps.send(device, message, notificationId)
      const { subscriptionId } = device
      await noteOutcome(sql, notificationId, { subscriptionId, outcome, usedAt: outcome === 'ACCEPTED' ? deps.now() : null })
      if (outcome === 'GONE') await removeGone(sql, device)
      devicesTotal.inc({ outcome: outcome.toLowerCase() })
      if (outcome !== 'ACCEPTED') logger.info({ notificationId, subscriptionId, outcome }, 'a device did not take a push')
      return null
    } catch (error) {
      devicesTotal.inc({ outcome: 'later' })
      return error
    }
  }

  return {
    publicKey,
    hasDevices: async (notificationId) => (await findDevices(sql, notificationId, publicKey)).length > 0,

    async send(message, { notificationId, isLast }) {
      const devices = (await findDevices(sql, notificationId, publicKey)).filter(({ outcome }) => outcome === null)
      const errors = await Promise.all(devices.map((device) => sendTo(device, message, notificationId)))
      const failed = errors.filter((error) => error !== null)
      const outcomes = await findOutcomes(sql, notificationId)
      const isTaken = outcomes.includes('ACCEPTED')
      if (failed.length > 0 && !(isLast && isTaken)) throw later(failed)
      if (failed.length > 0)
        logger.warn({ err: blanked(failed[0]), notificationId, devices: failed.length }, 'devices were left out')
      if (isTaken) return { accepted: true, providerMessageId: `push-${notificationId}` }
      return { accepted: false, reason: failures.find((reason) => outcomes.includes(reason)) ?? 'DEVICES_GONE' }
    },

    close: deps.closeService,
  }
}

/** Of several failures the one that is waited for longest. */
function later(errors: readonly unknown[]): unknown {
  const bugs = errors.filter((error) => !(error instanceof ServiceUnavailable))
  const waits = errors.filter((error) => error instanceof PushLater).sort((a, b) => b.retryAfterMs - a.retryAfterMs)
  return bugs[0] ?? waits[0] ?? errors[0]
}
