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
import type { Places } from '../limits/places.ts'
import { isOfAccount } from '../notifications/account-types.ts'
import { blanked } from '../notifications/blanked.ts'
import type { PointlessReason } from '../notifications/failure.ts'
import { type LeasedNotification, waitAfter, waitForPeerAfter } from '../notifications/notification.ts'
import { moveToBulk, postpone, type Readiness, withdraw } from '../notifications/notification-repository.ts'
import { workingTitles } from '../notifications/payloads.ts'
import { isEnabled } from '../preferences/preference.ts'
import { type Choices, findChoices, noChoices } from '../preferences/preference-repository.ts'
import { quietUntil } from '../preferences/quiet-hours.ts'
import { pushIdOf } from '../push/push-provider.ts'
import { PushLater } from '../push/push-service.ts'
import { findOutcomes } from '../push/subscription-repository.ts'
import { addressHashOf, isHeldBack } from '../suppressions/suppression.ts'
import type { Composed, Composition } from './compose.ts'
import type { Ended } from './content.ts'
import type { Prepare } from './hand-over.ts'
import type { SendingMetrics } from './metrics.ts'
import type { RequestNews } from './request-news.ts'
import { createSettling } from './settling.ts'
import type { TicketNews } from './ticket-news.ts'

export interface DeliveryOptions extends Pick<Foundation, 'logger' | 'crashAt' | 'now'> {
  db: SqlDatabase
  ticketNews: TicketNews
  requestNews: RequestNews
  compose: (notification: LeasedNotification) => Promise<Composition>
  prepare: Prepare
  leaseMs: number
  /** So many mails a day an address gets that nobody has proved, and so many text messages a telephone. */
  unprovenMax: number
  /** By channel: how long the first wait is. */
  firstWaitMs: Readonly<Record<LeasedNotification['channel'], number>>
  attemptsMax: number
  sendingMetrics: SendingMetrics
  places: Pick<Places, 'take'>
}

/** One attempt to bring a leased notification to its end: SENT, FAILED, or due again later. Never rejects. */
export type Deliver = (notification: LeasedNotification, isStopping: () => boolean) => Promise<void>

/** Why it is not handed over now; `waitMs`: its recipient is left alone until then. */
type End = Ended | { suppressed: true } | { waitMs: number }

const isEnd = (composition: Composition): composition is Ended => 'dropped' in composition || 'pointless' in composition

/** How often it is written anew at once when what it is about changes; then it waits as after a failure. */
const ROUNDS_MAX = 5
const ADDRESS_SUPPRESSED = 'ADDRESS_SUPPRESSED'
/** Some four hours, as long as each of its devices is tried: those that became its recipient's meanwhile do not make it longer. */
const PUSH_ATTEMPTS_MAX = 60

export function createDelivery(options: DeliveryOptions): Deliver {
  const { db, logger, crashAt, now, sendingMetrics } = options
  const settling = createSettling(options)

  async function attempt(leased: LeasedNotification, isStopping: () => boolean): Promise<void> {
    let notification = await options.places.take(leased)
    if (!notification) return
    for (let round = 1; round <= ROUNDS_MAX; round++) {
      const composition = await options.compose(notification)
      if ('bulk' in composition) return moveToBulk(db, notification)
      if (isEnd(composition)) return end(notification, composition)
      if ('changed' in composition) continue
      const { composed } = composition
      const { notificationId, type, lease } = notification
      const isLast = notification.attempts >= attemptsMaxOf(notification)
      const handOver = await options.prepare(composed, { notificationId, type, date: now(), isLast })
      // All that takes long is done. What has happened meanwhile, the mail does not know of.
      const seen = await composition.lookAgain()
      if (isStopping()) return postpone(db, notification, 0)
      // Gathering may have taken long: without the lease another sends it, and with it nobody else does for its whole length.
      const addressHash = composed.channel === 'EMAIL' ? addressHashOf(composed.to.address) : null
      // Nobody proves a telephone number.
      const unproven = composed.channel === 'SMS' || (composed.channel === 'EMAIL' && !composed.isProven)
      const ready = await settling.renew({ notificationId, lease, addressHash, unproven })
      if (!ready) return
      if (ready.mayHaveContact && !notification.mayHaveContact) {
        notification = { ...notification, mayHaveContact: true }
        continue
      }
      const held = whyHeldBack(notification, ready)
      if (held) return end(notification, held)
      if (seen === 'CHANGED') continue
      if (seen !== 'SAME') return end(notification, seen)
      crashAt('mail.before-send')
      const handed = await handOver()
      crashAt('mail.after-send')
      if (!handed.accepted) return fail(notification, handed.reason)
      return succeed(notification, subjectOf(composed), handed.providerMessageId)
    }
    throw new Error('what it is about changed each time that it had been written')
  }

  /** Why its recipient, or its address, does not get it now; null where they do. */
  function whyHeldBack(notification: LeasedNotification, ready: Readiness): End | null {
    const { causes, choices, quietHours } = ready
    const { type, channel, recipientId } = notification
    // Mails to it came back, or are not wanted there: the provider would hold it against us.
    if (isHeldBack(type, causes, recipientId === null)) return { suppressed: true }
    // It may be a stranger's, who is not to be buried under another's orders. What auth mails it limits itself.
    if (ready.sentToUnproven >= options.unprovenMax && !isOfAccount(type)) return { dropped: 'TOO_MANY_TO_UNPROVEN' }
    if (recipientId !== null && !isEnabled(type, channel, choices)) return { pointless: 'TURNED_OFF' }
    const waitMs = quietMs(notification, quietHours)
    return waitMs > 0 ? { waitMs } : null
  }

  function end(notification: LeasedNotification, ended: End): Promise<void> {
    if ('dropped' in ended) return fail(notification, ended.dropped)
    if ('pointless' in ended) return takeBack(notification, ended.pointless)
    if ('suppressed' in ended) return fail(notification, ADDRESS_SUPPRESSED)
    return postpone(db, notification, ended.waitMs)
  }

  async function succeed(notification: LeasedNotification, subject: string, providerMessageId: string): Promise<void> {
    const sentAt = now()
    const settled = await settling.sent(notification, { subject, providerMessageId, sentAt })
    const about = aboutOf(notification)
    sendingMetrics.count(notification, 'sent')
    if (settled) logger.info(about, 'a notification was sent')
    else logger.warn(about, 'a notification was sent that was settled already')
  }

  /** What a device took is sent, whatever has become of the others. */
  async function endedAsTaken(notification: LeasedNotification): Promise<boolean> {
    const { channel, type, notificationId } = notification
    if (channel !== 'PUSH' || !(await findOutcomes(db, notificationId)).includes('ACCEPTED')) return false
    await succeed(notification, workingTitles[type], pushIdOf(notificationId))
    return true
  }

  async function takeBack(notification: LeasedNotification, reason: PointlessReason): Promise<void> {
    if (await endedAsTaken(notification)) return
    // Who asked for it may look up what became of it.
    const take = notification.requestedBy === null ? withdraw(db, notification) : settling.cancelled(notification, reason)
    if (!(await take)) return
    sendingMetrics.count(notification, 'withdrawn')
    logger.info({ ...contextOf(notification), reason }, 'there is nothing to tell')
  }

  /** `error`: what the last attempt ended with, where that is why. */
  async function fail(notification: LeasedNotification, failureReason: string, error?: unknown): Promise<void> {
    if ((await endedAsTaken(notification)) || !(await settling.failed(notification, failureReason))) return
    sendingMetrics.count(notification, failureReason === ADDRESS_SUPPRESSED ? 'suppressed' : 'failed')
    const why = { failureReason, ...(error !== undefined && { err: blanked(error) }) }
    logger.error({ ...contextOf(notification), ...why }, 'a notification cannot be sent')
  }

  async function tryLater(notification: LeasedNotification, error: unknown): Promise<void> {
    const { attempts, channel, recipientId } = notification
    const attemptsMax = attemptsMaxOf(notification)
    if (attempts >= attemptsMax) return fail(notification, 'GIVEN_UP', error)
    const wait = isOfPeer(error) ? waitForPeerAfter : waitAfter
    const { quietHours } = (recipientId && (await findChoices(db, [recipientId])).get(recipientId)) || noChoices
    const askedMs = error instanceof PushLater ? error.retryAfterMs : 0
    const waitMs = Math.max(wait(attempts, options.firstWaitMs[channel]), quietMs(notification, quietHours), askedMs)
    const nth = `(attempt ${attempts} of ${attemptsMax})`
    logger.warn({ err: blanked(error), ...contextOf(notification), waitMs }, `notification was not sent, will be retried ${nth}`)
    sendingMetrics.count(notification, 'retried')
    await postpone(db, notification, waitMs)
  }

  const attemptsMaxOf = ({ channel }: LeasedNotification): number =>
    channel === 'PUSH' ? Math.min(PUSH_ATTEMPTS_MAX, options.attemptsMax) : options.attemptsMax

  /** How long its recipient's quiet hours still hold it up. */
  function quietMs({ urgent }: LeasedNotification, quietHours: Choices['quietHours']): number {
    const until = !urgent && quietHours && quietUntil(now(), quietHours)
    return until ? until.getTime() - now().getTime() : 0
  }

  async function attemptOrLater(notification: LeasedNotification, isStopping: () => boolean, span: Span): Promise<void> {
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
        await continueTrace(traceparent, `send ${type}`, (span) => attemptOrLater(notification, isStopping, span), about)
      } catch (error) {
        const { notificationId } = notification
        logger.warn(
          { err: blanked(error), notificationId },
          'a notification is left as it is; it is due when its lease has run out',
        )
      }
    })
}

/** Whether another service of ours was not there, rather than whoever brings mails and texts. */
const isOfPeer = (error: unknown) => error instanceof ServiceUnavailable && !providers.includes(error.callee)
const providers: readonly Callee[] = ['mail', 'sms', 'push', 'pushElsewhere']

/** What stands in its recipient's log. */
function subjectOf(composed: Composed): string {
  if (composed.channel === 'EMAIL') return composed.mail.subject
  return composed.channel === 'SMS' ? composed.text : composed.message.body
}

const aboutOf = ({ notificationId, type, channel, attempts }: LeasedNotification) => ({ notificationId, type, channel, attempts })

/** What it was about, of which message or request, and for how long it has waited: ids alone, no addresses, no names. */
function contextOf(notification: LeasedNotification) {
  const { recipientId, orderId, eventId, template, requestedBy, priority, resendOf, createdAt } = notification
  const given = { recipientId, orderId, eventId, template, requestedBy, resendOf }
  const known = Object.entries(given).filter(([, value]) => value !== null)
  return { ...aboutOf(notification), priority, ...Object.fromEntries(known), createdAt }
}
