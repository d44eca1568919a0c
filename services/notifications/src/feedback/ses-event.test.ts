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

/** What a body becomes, as a consumer decodes it. */
function told(event: object | string) {
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

describe('what SES tells', () => {
  test('of a mail that came back says which mail, whom it was for and why, and not what the other side wrote', () => {
    const event = bounceOf(taken)
    expect(told(event)).toMatchObject({
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
    'of a bounce %s %s %s is the end of the mail, of its address too: %s, %s',
    (type, subType, status, permanent, reason) => {
      const payload = { permanent, reason, addresses: ['Zofia@customers.example'] }
      expect(told(bounceOf(taken, { type, subType, status }))).toMatchObject({
        eventType: 'MAIL_BOUNCED',
        payload,
      })
    },
  )
  test('is the same from an identity, but for the tags', () => {
    const event = bounceOf(taken)
    const [byTag, without] = [told(event), told(asNotification(event))]
    expect(without.messageId).toBe(byTag.messageId)
    const { notificationId: _, ...rest } = byTag.payload
    expect(without.payload).toEqual(rest)
  })
  test('has one id however often it comes, and another one when it is told again', () => {
    const event = bounceOf(taken)
    expect(told(event).messageId).toBe(told({ ...event, unheardOf: 1 }).messageId)
    expect(told(bounceOf(taken)).messageId).not.toBe(told(event).messageId)
    expect(told(rejectOf(taken)).messageId).toBe(told(rejectOf(taken)).messageId)
    expect(told(delayOf({ ...taken, messageId: 'another' })).messageId).not.toBe(
      told(delayOf(taken)).messageId,
    )
  })
  test('names the address that we wrote to, where a mailbox passes mails on to one that does not exist', () => {
    const event = bounceOf(taken)
    const elsewhere = [{ ...event.bounce.bouncedRecipients[0], emailAddress: 'old@elsewhere.example' }]
    const { payload } = told({ ...event, bounce: { ...event.bounce, bouncedRecipients: elsewhere } })
    expect(payload.addresses).toEqual(['old@elsewhere.example', 'Zofia@customers.example'])
  })
  test('of complaints tells those that mean it', () => {
    expect(told(complaintOf(taken))).toMatchObject({
      eventType: 'MAIL_COMPLAINED',
      payload: { reason: 'abuse', undelivered: false, addresses: ['Zofia@customers.example'] },
    })
    const known = complaintOf(taken, { subType: 'OnAccountSuppressionList' })
    expect(told(known)).toMatchObject({ eventType: 'MAIL_COMPLAINED', payload: { undelivered: true } })
    const { complaintFeedbackType: _, ...unnamed } = complaintOf(taken).complaint
    expect(told({ ...complaintOf(taken), complaint: unnamed })).toMatchObject({
      payload: { reason: 'unknown' },
    })
    expect(told(complaintOf(taken, { feedbackType: 'not-spam' }))).toMatchObject({
      eventType: 'MAIL_PROGRESSED',
    })
  })
  test('of mails that it did not send, or not yet', () => {
    expect(told(rejectOf(taken))).toMatchObject({
      eventType: 'MAIL_REJECTED',
      payload: { reason: 'UNSAFE_CONTENT' },
    })
    expect(told(delayOf(taken))).toMatchObject({
      eventType: 'MAIL_DELAYED',
      payload: { reason: 'NOT_REACHED' },
    })
    expect(told(delayOf(taken, 'MailboxFull'))).toMatchObject({ payload: { reason: 'MAILBOX_FULL' } })
  })
  test.each([
    ['a delivery', deliveryOf(taken)],
    ['a greeting', 'Successfully validated SNS topic for Amazon SES event publishing.'],
    [
      'the older greeting',
      { notificationType: 'AmazonSnsSubscriptionSucceeded', message: 'You have subscribed …' },
    ],
  ])('%s asks nothing of anybody', (_, event) => {
    expect(told(event)).toMatchObject({ eventType: 'MAIL_PROGRESSED' })
  })
})

describe('what cannot be understood says so', () => {
  const { bounce: _, ...half } = bounceOf(taken)
  test.each([
    ['Successfully nonsense', 'the body is not JSON'],
    ['[]', 'nothing that SES publishes'],
    ['null', 'nothing that SES publishes'],
    ['{}', 'SES tells of a nothing, which nobody here knows'],
    ['{"eventType":"constructor"}', 'SES tells of a constructor, which nobody here knows'],
    [JSON.stringify(half), "not of SES's schema: bounce: Invalid input: expected object, received undefined"],
    [
      JSON.stringify({ ...rejectOf(taken), mail: { messageId: 'x', timestamp: 'soon' } }),
      "not of SES's schema: mail.timestamp",
    ],
  ])('%.40s', (body, reason) => {
    expect(reasonOf(body)).toEqual({ reason: expect.stringContaining(reason) })
  })
})

test('a tag that is no id of ours is nobody’s', () => {
  const { payload } = told(bounceOf({ ...taken, tag: ['notification', 'x'] }))
  expect(payload).not.toHaveProperty('notificationId')
})
