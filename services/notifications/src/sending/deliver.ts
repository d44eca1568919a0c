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
import { type AttemptCount, contextOf, createOutcomes, type End, type FindTakenPush } from './outcomes.ts'
import { createSettling, type DeliveryNews } from './settling.ts'

export interface DeliveryOptions<Composed>
  extends Pick<Foundation, 'logger' | 'crashAt' | 'now'>,
    DeliveryNews {
  db: SqlDatabase
  compose: (notification: LeasedNotification) => Promise<Composition<Composed>>
  prepare: Prepare<Composed>
  findTakenPush: FindTakenPush
  leaseMs: number
  /** So many mails a day an address gets that nobody has proved, and so many text messages a telephone. */
  unprovenMax: number
  /** By channel: how long the first wait is. */
  firstWaitMs: Readonly<Record<LeasedNotification['channel'], number>>
  attemptsMax: number
  sendingMetrics: AttemptCount
  /** Gives it a place among what others cause; null where it waits, or is told of with another. */
  places: { take(notification: LeasedNotification): Promise<LeasedNotification | null> }
}

/** One attempt to bring a leased notification to its end: SENT, FAILED, or due again later. Never rejects. */
export type Deliver = (notification: LeasedNotification, isStopping: () => boolean) => Promise<void>

const isEnd = (composition: object): composition is Ended =>
  'dropped' in composition || 'pointless' in composition

/** How often it is written anew at once when what it is about changes; then it waits as after a failure. */
const ROUNDS_MAX = 5
/**
 * Some four hours, as long as each of its devices is tried: those that became its recipient's meanwhile do
 * not make it longer.
 */
const PUSH_ATTEMPTS_MAX = 60

export function createDelivery<C extends Deliverable>(options: DeliveryOptions<C>): Deliver {
  const { logger } = options
  const outcomes = createOutcomes(options, createSettling(options))
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
          'a notification is left as it is; it is due when its lease has run out',
        )
      }
    })
}

/** How long attempts go on. */
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
    for (let round = 1; round <= ROUNDS_MAX; round++) {
      const composition = await options.compose(notification)
      if ('bulk' in composition) return moveToBulk(options.db, notification)
      if (isEnd(composition)) return outcomes.end(notification, composition)
      if ('changed' in composition) continue
      const { composed } = composition
      const { notificationId, type, lease } = notification
      const isLast = notification.attempts >= attemptsMaxOf(options, notification)
      const handOver = await options.prepare(composed, { notificationId, type, date: now(), isLast })
      // All that takes long is done. What has happened meanwhile, the mail does not know of.
      const seen = await composition.lookAgain()
      if (isStopping()) return postpone(options.db, notification, 0)
      // Gathering may have taken long: without the lease another sends it, and with it nobody else does for
      // its whole length.
      const addressHash = composed.channel === 'EMAIL' ? addressHashOf(composed.to.address) : null
      // Nobody proves a telephone number.
      const unproven = composed.channel === 'SMS' || (composed.channel === 'EMAIL' && !composed.isProven)
      const ready = await outcomes.renew({ notificationId, lease, addressHash, unproven })
      if (!ready) return
      if (ready.mayHaveContact && !notification.mayHaveContact && !isContactTried) {
        notification = { ...notification, mayHaveContact: true }
        continue
      }
      const held = whyHeldBack(notification, ready)
      if (held && 'suppressed' in held && notification.mayHaveContact) {
        // An order's own address that takes no mails: its buyer is owed them all the same.
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
    throw new Error('what it is about changed each time that it had been written')
  }

  /** Why its recipient, or its address, does not get it now; null where they do. */
  function whyHeldBack(notification: LeasedNotification, ready: Readiness): End | null {
    const { causes, choices, quietHours } = ready
    const { type, channel, recipientId } = notification
    // Mails to it came back, or are not wanted there: the provider would hold it against us.
    if (isHeldBack(type, causes, recipientId === null)) return { suppressed: true }
    // It may be a stranger's, who is not to be buried under another's orders. What auth mails it limits
    // itself.
    if (ready.sentToUnproven >= options.unprovenMax && !isOfAccount(type))
      return { dropped: 'TOO_MANY_TO_UNPROVEN' }
    if (recipientId !== null && !isEnabled(type, channel, choices)) return { pointless: 'TURNED_OFF' }
    const waitMs = quietMs(notification, quietHours)
    return waitMs > 0 ? { waitMs } : null
  }

  /** How long its recipient's quiet hours still hold it up. */
  function quietMs({ urgent }: LeasedNotification, quietHours: Choices['quietHours']): number {
    const until = !urgent && quietHours && quietUntil(now(), quietHours)
    return until ? until.getTime() - now().getTime() : 0
  }

  return { attempt, quietMs }
}

/** Whether another service of ours was not there, rather than whoever brings mails and texts. */
const isOfPeer = (error: unknown) => error instanceof ServiceUnavailable && !providers.includes(error.callee)
const providers: readonly Callee[] = ['mail', 'sms', 'push', 'pushElsewhere']
