import {
  type Callee,
  continueTrace,
  type Foundation,
  markFailed,
  ServiceUnavailable,
  type Span,
  type SqlDatabase,
  withCorrelationId,
} from '@boxoffice/service-kit'
import { isOfAccount } from '../notifications/account-types.ts'
import { blanked } from '../notifications/blanked.ts'
import { type LeasedNotification, waitAfter, waitForPeerAfter } from '../notifications/notification.ts'
import { moveToBulk, postpone, type Readiness } from '../notifications/notification-repository.ts'
import { isEnabled } from '../preferences/preference.ts'
import { type Choices, findChoices, noChoices } from '../preferences/preference-repository.ts'
import { quietUntil } from '../preferences/quiet-hours.ts'
import { PushLater } from '../push/push-later.ts'
import { addressHashOf, isHeldBack } from '../suppressions/suppression.ts'
import { type Composition, type Deliverable, type Ended, type Prepare, subjectOf } from './composition.ts'
import { createDeliveryRecords, type DeliveryPublishers } from './delivery-records.ts'
import { type AttemptCount, contextOf, createOutcomes, type End, type FindTakenPush } from './outcomes.ts'

export interface DeliveryOptions<Composed>
  extends Pick<Foundation, 'logger' | 'crashAt' | 'now'>,
    DeliveryPublishers {
  db: SqlDatabase
  compose: (notification: LeasedNotification) => Promise<Composition<Composed>>
  prepare: Prepare<Composed>
  findTakenPush: FindTakenPush
  leaseMs: number
  /** Daily limit of mails to an unconfirmed address, and of text messages to a telephone. */
  unprovenMax: number
  /** The first retry delay by channel. */
  firstWaitMs: Readonly<Record<LeasedNotification['channel'], number>>
  attemptsMax: number
  sendingMetrics: AttemptCount
  /** Limits what others cause; null if the notification waits or was merged into another. */
  places: { take(notification: LeasedNotification): Promise<LeasedNotification | null> }
}

/** Attempts to send a leased notification: it becomes SENT, FAILED, or is due again later. Never rejects. */
export type Deliver = (notification: LeasedNotification, isStopping: () => boolean) => Promise<void>

const isEnd = (composition: object): composition is Ended =>
  'dropped' in composition || 'obsolete' in composition

/** How often it is recomposed at once when its data changes; after that it is retried as after a failure. */
const COMPOSITIONS_MAX = 5
/** About four hours, as long as each device is retried: devices added meanwhile do not extend it. */
const PUSH_ATTEMPTS_MAX = 60

export function createDelivery<C extends Deliverable>(options: DeliveryOptions<C>): Deliver {
  const { logger } = options
  const outcomes = createOutcomes(options, createDeliveryRecords(options))
  const { attempt, quietMs } = createAttempt(options, outcomes)

  async function tryLater(notification: LeasedNotification, error: unknown): Promise<void> {
    const { attempts, channel, recipientId } = notification
    const attemptsMax = attemptsMaxOf(options, notification)
    if (attempts >= attemptsMax) return outcomes.fail(notification, 'GIVEN_UP', error)
    const wait = isOfPeer(error) ? waitForPeerAfter : waitAfter
    const { quietHours } =
      (recipientId && (await findChoices(options.db, [recipientId])).get(recipientId)) || noChoices
    const askedMs = error instanceof PushLater ? error.retryAfterMs : 0
    const waitMs = Math.max(
      wait(attempts, options.firstWaitMs[channel]),
      quietMs(notification, quietHours),
      askedMs,
    )
    const nth = `(attempt ${attempts} of ${attemptsMax})`
    logger.warn(
      { err: blanked(error), ...contextOf(notification), waitMs },
      `notification was not sent, will be retried ${nth}`,
    )
    options.sendingMetrics.count(notification, 'retried')
    await postpone(options.db, notification, waitMs)
  }

  async function attemptOrLater(
    notification: LeasedNotification,
    isStopping: () => boolean,
    span: Span,
  ): Promise<void> {
    try {
      await attempt(notification, isStopping)
    } catch (error) {
      markFailed(span, error)
      await tryLater(notification, error)
    }
  }

  return (notification, isStopping) =>
    withCorrelationId(notification.correlationId, async () => {
      const { type, traceparent, channel, attempts } = notification
      const about = { 'boxoffice.channel': channel, 'boxoffice.attempts': attempts }
      try {
        await continueTrace(
          traceparent,
          `send ${type}`,
          (span) => attemptOrLater(notification, isStopping, span),
          about,
        )
      } catch (error) {
        const { notificationId } = notification
        logger.warn(
          { err: blanked(error), notificationId },
          'recording a failed attempt failed; the notification is due when its lease expires',
        )
      }
    })
}

/** Returns the limit of attempts. */
const attemptsMaxOf = (options: { attemptsMax: number }, { channel }: LeasedNotification): number =>
  channel === 'PUSH' ? Math.min(PUSH_ATTEMPTS_MAX, options.attemptsMax) : options.attemptsMax

/** One attempt, which may reject: everything that is looked at, in its order. */
function createAttempt<C extends Deliverable>(
  options: DeliveryOptions<C>,
  outcomes: ReturnType<typeof createOutcomes>,
) {
  const { crashAt, now } = options

  async function attempt(leased: LeasedNotification, isStopping: () => boolean): Promise<void> {
    let notification = await options.places.take(leased)
    if (!notification) return
    let isContactTried = false
    for (let round = 1; round <= COMPOSITIONS_MAX; round++) {
      const composition = await options.compose(notification)
      if ('bulk' in composition) return moveToBulk(options.db, notification)
      if (isEnd(composition)) return outcomes.end(notification, composition)
      if ('changed' in composition) continue
      const { composed } = composition
      const { notificationId, type, lease } = notification
      const isLast = notification.attempts >= attemptsMaxOf(options, notification)
      const handOver = await options.prepare(composed, { notificationId, type, date: now(), isLast })
      // Everything slow is done by now; check whether anything has changed meanwhile.
      const seen = await composition.recheck()
      if (isStopping()) return postpone(options.db, notification, 0)
      // Composing may have taken long. Without the lease another process sends it; a renewed lease keeps
      // others away for its whole length.
      const addressHash = composed.channel === 'EMAIL' ? addressHashOf(composed.to.address) : null
      // Telephone numbers are never confirmed.
      const unproven = composed.channel === 'SMS' || (composed.channel === 'EMAIL' && !composed.isProven)
      const ready = await outcomes.renew({ notificationId, lease, addressHash, unproven })
      if (!ready) return
      if (ready.mayHaveContact && !notification.mayHaveContact && !isContactTried) {
        notification = { ...notification, mayHaveContact: true }
        continue
      }
      const held = whyHeldBack(notification, ready)
      if (held && 'suppressed' in held && notification.mayHaveContact) {
        // The order's own address is suppressed: its buyer must get the mail all the same.
        isContactTried = true
        notification = { ...notification, mayHaveContact: false }
        continue
      }
      if (held) return outcomes.end(notification, held)
      if (seen === 'CHANGED') continue
      if (seen !== 'SAME') return outcomes.end(notification, seen)
      crashAt('mail.before-send')
      const handed = await handOver()
      crashAt('mail.after-send')
      if (!handed.accepted) return outcomes.fail(notification, handed.reason)
      return outcomes.succeed(notification, subjectOf(composed), handed.providerMessageId)
    }
    throw new Error(`its data changed each time it was composed, ${COMPOSITIONS_MAX} times`)
  }

  /** Returns why its recipient or its address does not get it now; null if it can be sent. */
  function whyHeldBack(notification: LeasedNotification, ready: Readiness): End | null {
    const { causes, choices, quietHours } = ready
    const { type, channel, recipientId } = notification
    // Sending to suppressed addresses would harm our reputation.
    if (isHeldBack(type, causes, recipientId === null)) return { suppressed: true }
    // The address may be a stranger's, who must not be flooded by another user's orders. The auth service
    // limits its mails itself.
    if (ready.sentToUnproven >= options.unprovenMax && !isOfAccount(type))
      return { dropped: 'TOO_MANY_TO_UNPROVEN' }
    if (recipientId !== null && !isEnabled(type, channel, choices)) return { obsolete: 'TURNED_OFF' }
    const waitMs = quietMs(notification, quietHours)
    return waitMs > 0 ? { waitMs } : null
  }

  /** Returns how long the recipient's quiet hours still last. */
  function quietMs({ urgent }: LeasedNotification, quietHours: Choices['quietHours']): number {
    const until = !urgent && quietHours && quietUntil(now(), quietHours)
    return until ? until.getTime() - now().getTime() : 0
  }

  return { attempt, quietMs }
}

/** Whether one of our own services was unavailable, rather than a provider. */
const isOfPeer = (error: unknown) => error instanceof ServiceUnavailable && !providers.includes(error.callee)
const providers: readonly Callee[] = ['mail', 'sms', 'push', 'pushElsewhere']
