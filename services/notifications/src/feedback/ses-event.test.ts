import { messages } from '@boxoffice/contracts'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  asNotification,
  bounceOf,
  complaintOf,
  DIAGNOSTIC,
  delayOf,
  deliveryOf,
  rejectOf,
} from '../../test/ses-events.ts'
import { translateSesEvent } from './ses-event.ts'

const notificationId = '6f1f9f3c-3ac4-4f6e-8f1b-0d6b8f0b3c11'
const taken = {
  messageId: '0102-mail',
  destination: 'Zofia@customers.example',
  tag: ['notification', notificationId],
}

/** Translates a body and decodes it as a consumer does. */
function translated(event: object | string) {
  const result = translateSesEvent(typeof event === 'string' ? event : JSON.stringify(event))
  if ('reason' in result) throw new Error(result.reason)
  const { eventType } = result.envelope as { eventType: string }
  return z.decode(messages.get(eventType)?.schema as z.ZodType, result.envelope) as {
    eventType: string
    messageId: string
    payload: Record<string, unknown>
  }
}
const reasonOf = (body: string) => translateSesEvent(body)

describe('an SES event', () => {
  test('about a bounce names the mail, its recipient and the reason, but not the diagnostic text', () => {
    const event = bounceOf(taken)
    expect(translated(event)).toMatchObject({
      eventType: 'MAIL_BOUNCED',
      payload: {
        notificationId,
        providerMessageId: '0102-mail',
        addresses: ['Zofia@customers.example'],
        reason: 'NO_SUCH_MAILBOX',
        at: new Date(event.bounce.timestamp),
        sentAt: new Date(event.mail.timestamp),
      },
    })
    expect(JSON.stringify(translateSesEvent(JSON.stringify(event)))).not.toContain(DIAGNOSTIC.slice(0, 20))
  })
  test.each([
    ['Permanent', 'NoEmail', '5.0.0', true, 'NO_SUCH_MAILBOX'],
    ['Permanent', 'General', '5.7.1', true, 'MAILBOX_REFUSED'],
    ['Permanent', 'Suppressed', '5.1.1', true, 'KNOWN_TO_FAIL'],
    ['Permanent', 'OnAccountSuppressionList', '5.1.1', true, 'KNOWN_TO_FAIL'],
    ['Transient', 'MailboxFull', '5.2.2', false, 'MAILBOX_FULL'],
    ['Transient', 'MessageTooLarge', '5.3.4', false, 'MAIL_TOO_LARGE'],
    ['Transient', 'ContentRejected', '5.6.1', false, 'CONTENT_REFUSED'],
    ['Transient', 'AttachmentRejected', '5.6.1', false, 'CONTENT_REFUSED'],
    ['Transient', 'General', '4.4.7', false, 'NOT_REACHED'],
    ['Undetermined', 'Undetermined', '5.0.0', false, 'NOT_REACHED'],
  ])(
    'about a bounce %s %s %s ends the mail; permanent for its address: %s, %s',
    (type, subType, status, permanent, reason) => {
      const payload = { permanent, reason, addresses: ['Zofia@customers.example'] }
      expect(translated(bounceOf(taken, { type, subType, status }))).toMatchObject({
        eventType: 'MAIL_BOUNCED',
        payload,
      })
    },
  )
  test('from an identity differs by its tags alone', () => {
    const event = bounceOf(taken)
    const [byTag, without] = [translated(event), translated(asNotification(event))]
    expect(without.messageId).toBe(byTag.messageId)
    const { notificationId: _, ...rest } = byTag.payload
    expect(without.payload).toEqual(rest)
  })
  test('keeps its id when delivered again, and a new event gets another', () => {
    const event = bounceOf(taken)
    expect(translated(event).messageId).toBe(translated({ ...event, unheardOf: 1 }).messageId)
    expect(translated(bounceOf(taken)).messageId).not.toBe(translated(event).messageId)
    expect(translated(rejectOf(taken)).messageId).toBe(translated(rejectOf(taken)).messageId)
    expect(translated(delayOf({ ...taken, messageId: 'another' })).messageId).not.toBe(
      translated(delayOf(taken)).messageId,
    )
  })
  test('names the address that we wrote to when a mailbox forwards to a dead one', () => {
    const event = bounceOf(taken)
    const elsewhere = [{ ...event.bounce.bouncedRecipients[0], emailAddress: 'old@elsewhere.example' }]
    const { payload } = translated({ ...event, bounce: { ...event.bounce, bouncedRecipients: elsewhere } })
    expect(payload.addresses).toEqual(['old@elsewhere.example', 'Zofia@customers.example'])
  })
  test('about a complaint is translated unless it says not-spam', () => {
    expect(translated(complaintOf(taken))).toMatchObject({
      eventType: 'MAIL_COMPLAINED',
      payload: { reason: 'abuse', undelivered: false, addresses: ['Zofia@customers.example'] },
    })
    const known = complaintOf(taken, { subType: 'OnAccountSuppressionList' })
    expect(translated(known)).toMatchObject({ eventType: 'MAIL_COMPLAINED', payload: { undelivered: true } })
    const { complaintFeedbackType: _, ...unnamed } = complaintOf(taken).complaint
    expect(translated({ ...complaintOf(taken), complaint: unnamed })).toMatchObject({
      payload: { reason: 'unknown' },
    })
    expect(translated(complaintOf(taken, { feedbackType: 'not-spam' }))).toMatchObject({
      eventType: 'MAIL_PROGRESSED',
    })
  })
  test('about a rejected or delayed mail is translated', () => {
    expect(translated(rejectOf(taken))).toMatchObject({
      eventType: 'MAIL_REJECTED',
      payload: { reason: 'UNSAFE_CONTENT' },
    })
    expect(translated(delayOf(taken))).toMatchObject({
      eventType: 'MAIL_DELAYED',
      payload: { reason: 'NOT_REACHED' },
    })
    expect(translated(delayOf(taken, 'MailboxFull'))).toMatchObject({ payload: { reason: 'MAILBOX_FULL' } })
  })
  test.each([
    ['a delivery', deliveryOf(taken)],
    ['a greeting', 'Successfully validated SNS topic for Amazon SES event publishing.'],
    [
      'the older greeting',
      { notificationType: 'AmazonSnsSubscriptionSucceeded', message: 'You have subscribed …' },
    ],
  ])('%s needs no action', (_, event) => {
    expect(translated(event)).toMatchObject({ eventType: 'MAIL_PROGRESSED' })
  })
})

describe('an invalid event is reported with its reason', () => {
  const { bounce: _, ...half } = bounceOf(taken)
  test.each([
    ['Successfully nonsense', 'the body is not JSON'],
    ['[]', 'the body is not an SES event'],
    ['null', 'the body is not an SES event'],
    ['{}', 'unknown SES event nothing'],
    ['{"eventType":"constructor"}', 'unknown SES event constructor'],
    [
      JSON.stringify(half),
      'the SES event does not match its schema: bounce: Invalid input: expected object, received undefined',
    ],
    [
      JSON.stringify({ ...rejectOf(taken), mail: { messageId: 'x', timestamp: 'soon' } }),
      'the SES event does not match its schema: mail.timestamp',
    ],
  ])('%.40s', (body, reason) => {
    expect(reasonOf(body)).toEqual({ reason: expect.stringContaining(reason) })
  })
})

test('a tag that is not one of our ids is ignored', () => {
  const { payload } = translated(bounceOf({ ...taken, tag: ['notification', 'x'] }))
  expect(payload).not.toHaveProperty('notificationId')
})
