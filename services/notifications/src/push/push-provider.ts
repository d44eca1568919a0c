import type { NotificationId } from '@boxoffice/contracts'
import { type Logger, type Metrics, ServiceUnavailable, type Sql } from '@boxoffice/service-kit'
import { blanked } from '../notifications/blanked.ts'
import type { Handed } from '../notifications/notification.ts'
import { PushLater } from './push-later.ts'
import type { PushMessage } from './push-message.ts'
import { calleeOf, type PushOutcome, type SendPush } from './push-service.ts'
import {
  type Device,
  findDevices,
  findOutcomes,
  noteOutcome,
  noteWait,
  removeGone,
} from './subscription-repository.ts'

/** Whoever brings pushes to the browsers of a user. */
export interface PushProvider {
  /** Our public key, with which browsers subscribe. */
  readonly publicKey: string
  /** Whether there is a device that a notification is for. */
  hasDevices(notificationId: NotificationId): Promise<boolean>
  /**
   * Bring a push to each device of its recipient that it has not come to. Rejects with ServiceUnavailable
   * while one of their push services is unavailable; `isLast`: that one is left out then, where another has
   * taken it. So is one that it did not come to for as long as it is of use, four hours at most.
   */
  send(message: PushMessage, about: { notificationId: NotificationId; isLast: boolean }): Promise<Handed>
  close(): Promise<void>
}

/** What a push is called that at least one device took: each push service has names of its own. */
export const pushIdOf = (notificationId: NotificationId): string => `push-${notificationId}`

/** What a push is called that a device took, whatever has become of the others; null where none did. */
export const createFindTakenPush =
  (sql: Sql) =>
  async (notificationId: NotificationId): Promise<string | null> =>
    (await findOutcomes(sql, notificationId)).includes('ACCEPTED') ? pushIdOf(notificationId) : null

/** The reasons for which it has come to none, the first that is among them. */
const failures = ['PUSH_TOO_LARGE', 'PUSH_REFUSED', 'GIVEN_UP'] as const
/** A device is tried for so long, or until what it says is of no use. */
const TRIED_MS = 4 * 3_600_000

/**
 * What becomes of a push is written down for each device as it is known: an attempt later goes to the others
 * alone. The devices are looked up right before: one that has become another account's gets nothing.
 */
export function createPushProvider(deps: {
  publicKey: string
  sql: Sql
  send: SendPush
  closeService: () => Promise<void>
  metrics: Metrics
  logger: Logger
  now: () => Date
}): PushProvider {
  const { publicKey, sql, logger } = deps
  const devicesTotal = deps.metrics.counter(
    'push_devices_total',
    'pushes to single devices, by what came of them',
    ['outcome'],
  )

  async function settle(
    device: Device,
    outcome: PushOutcome | 'GIVEN_UP',
    notificationId: NotificationId,
    error?: unknown,
  ) {
    const { subscriptionId } = device
    await noteOutcome(sql, notificationId, {
      subscriptionId,
      outcome,
      usedAt: outcome === 'ACCEPTED' ? deps.now() : null,
    })
    if (outcome === 'GONE') await removeGone(sql, device)
    devicesTotal.inc({ outcome: outcome.toLowerCase() })
    if (outcome !== 'ACCEPTED') {
      const why = error === undefined ? {} : { err: blanked(error) }
      logger.info({ notificationId, subscriptionId, outcome, ...why }, 'a device did not take a push')
    }
  }

  /** Rejects with what it could not be sent for, where that is not settled. */
  async function sendTo(device: Device, message: PushMessage, notificationId: NotificationId): Promise<void> {
    const now = deps.now()
    const waitMs = (device.notBefore?.getTime() ?? 0) - now.getTime()
    if (waitMs > 0) throw new PushLater(calleeOf(device.endpoint), waitMs, 'it is waited for')
    try {
      await settle(device, await deps.send(device, message, notificationId), notificationId)
    } catch (error) {
      const failedSince = device.failedSince ?? now
      const endsMs = failedSince.getTime() + Math.min(TRIED_MS, message.ttlSeconds * 1_000)
      if (endsMs <= now.getTime()) return settle(device, 'GIVEN_UP', notificationId, error)
      devicesTotal.inc({ outcome: 'later' })
      if (!(error instanceof PushLater)) {
        await noteWait(sql, notificationId, { ...device, failedSince, notBefore: null })
        throw error
      }
      // Once more when that ends, however long we are asked to wait.
      const askedMs = Math.min(error.retryAfterMs, endsMs - now.getTime())
      await noteWait(sql, notificationId, {
        ...device,
        failedSince,
        notBefore: new Date(now.getTime() + askedMs),
      })
      throw new PushLater(calleeOf(device.endpoint), askedMs, error.cause)
    }
  }

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
          'devices were left out',
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

/** Of several failures the one that is waited for least: the others' devices wait for their own time. */
function later(errors: readonly unknown[]): unknown {
  const waitMs = (error: unknown) => (error instanceof PushLater ? error.retryAfterMs : 0)
  const bugs = errors.filter((error) => !(error instanceof ServiceUnavailable))
  return bugs[0] ?? [...errors].sort((a, b) => waitMs(a) - waitMs(b))[0]
}
