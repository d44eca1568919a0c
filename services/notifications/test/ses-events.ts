import { randomUUID } from 'node:crypto'

/** A mail that SES accepted, with the fields of its events. */
export interface TakenMail {
  messageId: string
  destination: string | null
  tag: readonly (string | null)[]
}

/** The remote server's diagnostic text, which must not be logged. */
export const DIAGNOSTIC =
  'smtp; 550 5.1.1 <quoted@customers.example>: no such user here; Subject: Your tickets'

const now = () => new Date().toISOString()

const mailOf = ({ messageId, destination, tag: [name, value] }: TakenMail) => ({
  timestamp: now(),
  source: 'Boxoffice <tickets@boxoffice.example>',
  sourceArn: 'arn:aws:ses:eu-central-1:123456789012:identity/boxoffice.example',
  sendingAccountId: '123456789012',
  messageId,
  destination: [destination],
  headersTruncated: false,
  headers: [{ name: 'To', value: `Zofia <${destination}>` }],
  commonHeaders: {
    from: ['tickets@boxoffice.example'],
    to: [destination],
    messageId,
    subject: 'Your tickets',
  },
  tags: {
    'ses:configuration-set': ['boxoffice-mails'],
    'ses:source-ip': ['192.0.2.1'],
    'ses:from-domain': ['boxoffice.example'],
    ...(name && { [name]: [value] }),
  },
})

/** Events as a configuration set publishes them, in the shape of AWS's own examples. */
export const bounceOf = (
  taken: TakenMail,
  about: { type?: string; subType?: string; status?: string; at?: string } = {},
) => ({
  eventType: 'Bounce',
  bounce: {
    feedbackId: `0102${randomUUID()}-000000`,
    bounceType: about.type ?? 'Permanent',
    bounceSubType: about.subType ?? 'General',
    bouncedRecipients: [
      {
        emailAddress: taken.destination,
        action: 'failed',
        status: about.status ?? '5.1.1',
        diagnosticCode: DIAGNOSTIC,
      },
    ],
    timestamp: about.at ?? now(),
    remoteMtaIp: '192.0.2.2',
    reportingMTA: 'dsn; mta.customers.example',
  },
  mail: mailOf(taken),
})

export const complaintOf = (
  taken: TakenMail,
  about: { feedbackType?: string; subType?: string | null; at?: string } = {},
) => ({
  eventType: 'Complaint',
  complaint: {
    feedbackId: `0102${randomUUID()}-000000`,
    complaintSubType: about.subType ?? null,
    complainedRecipients: [{ emailAddress: taken.destination }],
    timestamp: about.at ?? now(),
    userAgent: 'ExampleCorp Feedback Loop (V0.01)',
    complaintFeedbackType: about.feedbackType ?? 'abuse',
    arrivalDate: now(),
  },
  mail: mailOf(taken),
})

export const rejectOf = (taken: TakenMail) => ({
  eventType: 'Reject',
  mail: mailOf(taken),
  reject: { reason: 'Bad content' },
})

export const delayOf = (taken: TakenMail, delayType = 'TransientCommunicationFailure') => ({
  eventType: 'DeliveryDelay',
  mail: mailOf(taken),
  deliveryDelay: {
    timestamp: now(),
    delayType,
    expirationTime: now(),
    delayedRecipients: [{ emailAddress: taken.destination, status: '4.4.1', diagnosticCode: DIAGNOSTIC }],
  },
})

export const deliveryOf = (taken: TakenMail) => ({
  eventType: 'Delivery',
  mail: mailOf(taken),
  delivery: {
    timestamp: now(),
    processingTimeMillis: 11_893,
    recipients: [taken.destination],
    smtpResponse: '250 2.6.0',
  },
})

/** The same as an identity's notification says it: another name, no tags. */
export function asNotification({
  eventType,
  mail: { tags: _, ...mail },
  ...rest
}: ReturnType<typeof bounceOf>) {
  return { notificationType: eventType, mail, ...rest }
}
