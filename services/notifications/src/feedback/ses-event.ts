import {
  Instant,
  type MessageDefinition,
  mailBounced,
  mailComplained,
  mailDelayed,
  mailProgressed,
  mailRejected,
  NotificationId,
} from '@boxoffice/contracts'
import type { Translate } from '@boxoffice/messaging'
import { z } from 'zod'
import { derivedId } from '../notifications/derived-id.ts'
import { passingFailureOf, permanentFailureOf } from './mail-failure.ts'

/**
 * The tag that every mail carries to SES and that comes back with what became of it: the notification's id.
 */
export const NOTIFICATION_TAG = 'notification'

// What SES publishes about mails, as far as it matters here; the rest is let pass. A configuration set's
// event destination says `eventType`, the older notifications of an identity say `notificationType` and have
// no tags. https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
// https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html

const Time = z.string().refine((text) => Instant.safeParse(text).success, 'must be a time')
const Mail = z.object({
  messageId: z.string().min(1).max(128),
  timestamp: Time,
  destination: z.array(z.string()).default([]),
  tags: z.record(z.string(), z.array(z.string())).optional(),
})
type Mail = z.output<typeof Mail>
const Recipient = z.object({ emailAddress: z.string(), status: z.string().optional() })

const Bounce = z.object({
  mail: Mail,
  bounce: z.object({
    bounceType: z.string(),
    bounceSubType: z.string().default('Undetermined'),
    bouncedRecipients: z.array(Recipient),
    timestamp: Time,
    feedbackId: z.string(),
  }),
})
const Complaint = z.object({
  mail: Mail,
  complaint: z.object({
    complainedRecipients: z.array(Recipient),
    complaintFeedbackType: z.string().max(40).nullish(),
    complaintSubType: z.string().nullish(),
    timestamp: Time,
    feedbackId: z.string(),
  }),
})
const Delay = z.object({ mail: Mail, deliveryDelay: z.object({ delayType: z.string(), timestamp: Time }) })
const OfMail = z.object({ mail: Mail })

/** A message of ours as it is on the wire, but for what every message has. */
interface Told {
  definition: MessageDefinition
  /** What tells it from every other of its type. */
  key: string
  mailId: string
  at: string
  payload: Record<string, unknown>
}

type Reading = (json: unknown) => Told | z.ZodError

const readings: Readonly<Record<string, Reading>> = {
  Bounce: reading(Bounce, ({ mail, bounce }) => {
    const { bounceType, bounceSubType, bouncedRecipients, timestamp, feedbackId } = bounce
    // Of whatever type: SES tells of a bounce when it has given the mail up. Only a delay is a "not yet".
    const permanent = bounceType === 'Permanent'
    const reason = permanent
      ? permanentFailureOf(bounceSubType, bouncedRecipients[0]?.status)
      : passingFailureOf(bounceSubType)
    const payload = {
      ...ofMail(mail, timestamp),
      addresses: addressesOf(mail, bouncedRecipients),
      reason,
      permanent,
    }
    return { definition: mailBounced, key: feedbackId, mailId: mail.messageId, at: timestamp, payload }
  }),
  Complaint: reading(Complaint, ({ mail, complaint }) => {
    const { complainedRecipients, complaintFeedbackType, complaintSubType, timestamp, feedbackId } = complaint
    const about = { key: feedbackId, mailId: mail.messageId, at: timestamp }
    // Said of a mail that a filter had taken for unwanted, wrongly.
    if (complaintFeedbackType === 'not-spam') return progress({ ...about, what: 'not-spam' })
    const payload = {
      ...ofMail(mail, timestamp),
      addresses: addressesOf(mail, complainedRecipients),
      reason: complaintFeedbackType ?? 'unknown',
      undelivered: complaintSubType === 'OnAccountSuppressionList',
    }
    return { ...about, definition: mailComplained, payload }
  }),
  Reject: reading(OfMail, ({ mail }) => rejected(mail)),
  'Rendering Failure': reading(OfMail, ({ mail }) => rejected(mail)),
  DeliveryDelay: reading(Delay, ({ mail, deliveryDelay: { delayType, timestamp } }) => ({
    definition: mailDelayed,
    key: `${mail.messageId} ${timestamp}`,
    mailId: mail.messageId,
    at: timestamp,
    payload: { ...ofMail(mail, timestamp), reason: passingFailureOf(delayType) },
  })),
}

/** Of these nobody has to do anything. */
const progresses = ['Send', 'Delivery', 'Open', 'Click', 'Subscription', 'AmazonSnsSubscriptionSucceeded']
/** What SES publishes, and not as JSON, when it is told to use a topic. */
const GREETING = /^Successfully validated SNS topic for Amazon SES/

const Kind = z
  .object({ eventType: z.string().optional(), notificationType: z.string().optional() })
  .transform(({ eventType, notificationType }) => eventType ?? notificationType ?? 'nothing')

/**
 * Puts what SES tells of mails into messages of ours. The same feedback has the same id, however often it
 * comes.
 */
export const translateSesEvent: Translate = (body) => {
  if (GREETING.test(body)) return { envelope: envelopeOf(progress({ ...nowhere(body), what: 'greeting' })) }
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    return { reason: 'the body is not JSON' }
  }
  const kind = Kind.safeParse(json)
  if (!kind.success) return { reason: 'nothing that SES publishes' }
  if (progresses.includes(kind.data))
    return { envelope: envelopeOf(progress({ ...nowhere(body), what: kind.data })) }
  const told = Object.hasOwn(readings, kind.data) ? readings[kind.data]?.(json) : undefined
  if (!told) return { reason: `SES tells of a ${kind.data.slice(0, 100)}, which nobody here knows` }
  if (!(told instanceof z.ZodError)) return { envelope: envelopeOf(told) }
  const [issue] = told.issues
  return { reason: `not of SES's schema: ${issue?.path.join('.')}: ${issue?.message}`.slice(0, 250) }
}

function reading<S extends z.ZodType>(schema: S, tell: (event: z.output<S>) => Told): Reading {
  return (json) => {
    const read = schema.safeParse(json)
    return read.success ? tell(read.data) : read.error
  }
}

const rejected = (mail: Mail): Told => ({
  definition: mailRejected,
  key: mail.messageId,
  mailId: mail.messageId,
  at: mail.timestamp,
  payload: { ...ofMail(mail, mail.timestamp), reason: 'UNSAFE_CONTENT' },
})

const progress = ({ what, ...about }: Omit<Told, 'definition' | 'payload'> & { what: string }): Told => ({
  ...about,
  definition: mailProgressed,
  payload: { what },
})
const nowhere = (body: string) => ({ key: body, mailId: 'ses', at: new Date(0).toISOString() })

const envelopeOf = ({ definition: { eventType }, key, mailId, at, payload }: Told) => ({
  messageId: derivedId(`ses ${eventType} ${key}`),
  eventType,
  version: '1.0',
  timestamp: at,
  correlationId: mailId,
  aggregateVersion: 0,
  payload,
})

function ofMail({ messageId, timestamp, tags }: Mail, at: string) {
  const tagged = NotificationId.safeParse(tags?.[NOTIFICATION_TAG]?.[0])
  return {
    providerMessageId: messageId,
    sentAt: timestamp,
    at,
    ...(tagged.success && { notificationId: tagged.data }),
  }
}

/**
 * Whom it was for: a mailbox that passes mails on answers with another address than the one that we wrote to.
 */
const addressesOf = ({ destination }: Mail, recipients: readonly { emailAddress: string }[]): string[] => [
  ...new Set([
    ...recipients.map(({ emailAddress }) => emailAddress),
    ...(destination.length === 1 ? destination : []),
  ]),
]
