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

/** The tag of every mail that SES returns with its events: the notification's id. */
export const NOTIFICATION_TAG = 'notification'

// The part of SES's events that this service needs. Event destinations of a configuration set send
// `eventType`; the older notifications of an identity send `notificationType` and have no tags.
// https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
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

/** One of our messages as JSON, without the envelope. */
interface Translated {
  definition: MessageDefinition
  /** Unique among the messages of its type. */
  key: string
  mailId: string
  at: string
  payload: Record<string, unknown>
}

type Translation = (json: unknown) => Translated | z.ZodError

const translations: Readonly<Record<string, Translation>> = {
  Bounce: translating(Bounce, ({ mail, bounce }) => {
    const { bounceType, bounceSubType, bouncedRecipients, timestamp, feedbackId } = bounce
    // SES publishes any bounce only after it has given up; a delay is the only temporary state.
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
  Complaint: translating(Complaint, ({ mail, complaint }) => {
    const { complainedRecipients, complaintFeedbackType, complaintSubType, timestamp, feedbackId } = complaint
    const about = { key: feedbackId, mailId: mail.messageId, at: timestamp }
    // Reports that a filter wrongly marked the mail as unwanted.
    if (complaintFeedbackType === 'not-spam') return progress({ ...about, what: 'not-spam' })
    const payload = {
      ...ofMail(mail, timestamp),
      addresses: addressesOf(mail, complainedRecipients),
      reason: complaintFeedbackType ?? 'unknown',
      undelivered: complaintSubType === 'OnAccountSuppressionList',
    }
    return { ...about, definition: mailComplained, payload }
  }),
  Reject: translating(OfMail, ({ mail }) => rejected(mail)),
  'Rendering Failure': translating(OfMail, ({ mail }) => rejected(mail)),
  DeliveryDelay: translating(Delay, ({ mail, deliveryDelay: { delayType, timestamp } }) => ({
    definition: mailDelayed,
    key: `${mail.messageId} ${timestamp}`,
    mailId: mail.messageId,
    at: timestamp,
    payload: { ...ofMail(mail, timestamp), reason: passingFailureOf(delayType) },
  })),
}

/** Events that need no action. */
const progresses = ['Send', 'Delivery', 'Open', 'Click', 'Subscription', 'AmazonSnsSubscriptionSucceeded']
/** The plain-text greeting that SES publishes to a new topic. */
const GREETING = /^Successfully validated SNS topic for Amazon SES/

const Kind = z
  .object({ eventType: z.string().optional(), notificationType: z.string().optional() })
  .transform(({ eventType, notificationType }) => eventType ?? notificationType ?? 'nothing')

/** Translates SES events into our messages. The same feedback always gets the same id. */
export const translateSesEvent: Translate = (body) => {
  if (GREETING.test(body)) return { envelope: envelopeOf(progress({ ...nowhere(body), what: 'greeting' })) }
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    return { reason: 'the body is not JSON' }
  }
  const kind = Kind.safeParse(json)
  if (!kind.success) return { reason: 'the body is not an SES event' }
  if (progresses.includes(kind.data))
    return { envelope: envelopeOf(progress({ ...nowhere(body), what: kind.data })) }
  const translated = Object.hasOwn(translations, kind.data) ? translations[kind.data]?.(json) : undefined
  if (!translated) return { reason: `unknown SES event ${kind.data.slice(0, 100)}` }
  if (!(translated instanceof z.ZodError)) return { envelope: envelopeOf(translated) }
  const [issue] = translated.issues
  return {
    reason: `the SES event does not match its schema: ${issue?.path.join('.')}: ${issue?.message}`.slice(
      0,
      250,
    ),
  }
}

function translating<S extends z.ZodType>(
  schema: S,
  translate: (event: z.output<S>) => Translated,
): Translation {
  return (json) => {
    const read = schema.safeParse(json)
    return read.success ? translate(read.data) : read.error
  }
}

const rejected = (mail: Mail): Translated => ({
  definition: mailRejected,
  key: mail.messageId,
  mailId: mail.messageId,
  at: mail.timestamp,
  payload: { ...ofMail(mail, mail.timestamp), reason: 'UNSAFE_CONTENT' },
})

const progress = ({
  what,
  ...about
}: Omit<Translated, 'definition' | 'payload'> & { what: string }): Translated => ({
  ...about,
  definition: mailProgressed,
  payload: { what },
})
const nowhere = (body: string) => ({ key: body, mailId: 'ses', at: new Date(0).toISOString() })

const envelopeOf = ({ definition: { eventType }, key, mailId, at, payload }: Translated) => ({
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

/** Returns the recipients: a forwarding mailbox reports another address than the one that we wrote to. */
const addressesOf = ({ destination }: Mail, recipients: readonly { emailAddress: string }[]): string[] => [
  ...new Set([
    ...recipients.map(({ emailAddress }) => emailAddress),
    ...(destination.length === 1 ? destination : []),
  ]),
]
