import type { NotificationId } from '@boxoffice/contracts'
import { ServiceUnavailable, type Sql } from '@boxoffice/service-kit'
import { blanked } from '../notifications/blanked.ts'
import type { Handed } from '../notifications/notification.ts'
import { createDeviceDelivery, type DeviceDeliveryOptions } from './device-delivery.ts'
import { PushLater } from './push-later.ts'
import type { PushMessage } from './push-message.ts'
import { findDevices, findOutcomes } from './subscription-repository.ts'

/** Sends pushes to the browsers of a user. */
export interface PushProvider {
  /** Our public key, with which browsers subscribe. */
  readonly publicKey: string
  /** Whether the recipient of a notification has a device. */
  hasDevices(notificationId: NotificationId): Promise<boolean>
  /**
   * Sends a push to each device of its recipient that has not received it. Rejects with ServiceUnavailable
   * while one of their push services is unavailable; with `isLast` such devices are skipped if another one
   * received it. A device that cannot be reached is given up when the push expires, after four hours at most.
   */
  send(message: PushMessage, about: { notificationId: NotificationId; isLast: boolean }): Promise<Handed>
  close(): Promise<void>
}

/** The provider id of a push that at least one device received: push services have none in common. */
export const pushIdOf = (notificationId: NotificationId): string => `push-${notificationId}`

/** Returns the provider id of a push that a device received, null if none did. */
export const createFindTakenPush =
  (sql: Sql) =>
  async (notificationId: NotificationId): Promise<string | null> =>
    (await findOutcomes(sql, notificationId)).includes('ACCEPTED') ? pushIdOf(notificationId) : null

/** The failure reasons, by precedence. */
const failures = ['PUSH_TOO_LARGE', 'PUSH_REFUSED', 'GIVEN_UP'] as const

/**
 * Creates the push provider. It records the outcome for each device at once, so that a retry goes to the
 * others alone. It looks devices up right before sending: one that has moved to another account gets nothing.
 */
export function createPushProvider(
  deps: DeviceDeliveryOptions & { publicKey: string; closeService: () => Promise<void> },
): PushProvider {
  const { publicKey, sql, logger } = deps
  const sendTo = createDeviceDelivery(deps)

  return {
    publicKey,
    hasDevices: async (notificationId) => (await findDevices(sql, notificationId, publicKey)).length > 0,

    async send(message, { notificationId, isLast }) {
      const devices = (await findDevices(sql, notificationId, publicKey)).filter(
        ({ outcome }) => outcome === null,
      )
      const ended = await Promise.allSettled(devices.map((device) => sendTo(device, message, notificationId)))
      const failed = ended.flatMap((one): unknown[] => (one.status === 'rejected' ? [one.reason] : []))
      const outcomes = await findOutcomes(sql, notificationId)
      const isTaken = outcomes.includes('ACCEPTED')
      if (failed.length > 0 && !(isLast && isTaken)) throw later(failed)
      if (failed.length > 0)
        logger.warn(
          { err: blanked(failed[0]), notificationId, devices: failed.length },
          'devices were skipped',
        )
      if (isTaken) return { accepted: true, providerMessageId: pushIdOf(notificationId) }
      return {
        accepted: false,
        reason: failures.find((reason) => outcomes.includes(reason)) ?? 'DEVICES_GONE',
      }
    },

    close: deps.closeService,
  }
}

/**
 * Returns the failure to retry first: bugs, then the shortest wait. Other devices wait for their own time.
 */
function later(errors: readonly unknown[]): unknown {
  const waitMs = (error: unknown) => (error instanceof PushLater ? error.retryAfterMs : 0)
  const bugs = errors.filter((error) => !(error instanceof ServiceUnavailable))
  return bugs[0] ?? [...errors].sort((a, b) => waitMs(a) - waitMs(b))[0]
}
