import { randomUUID } from 'node:crypto'
import { ticketDeliveryFailed } from '@boxoffice/contracts'
import type { Aws } from '@boxoffice/messaging'
import { createProbe, type Probe, publishRaw } from '@boxoffice/messaging/testing'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publishEvent } from '../src/events.ts'
import { expectStatus, type Person } from '../src/person.ts'
import { awsOf } from './aws.ts'
import { type TestSystem, useTestSystem } from './start.ts'

let running: TestSystem
let aws: Aws
let probe: Probe
let sale: Awaited<ReturnType<typeof publishEvent>>
let buyer: Person

beforeAll(async () => {
  running = await useTestSystem()
  aws = awsOf(running.system)
  probe = await createProbe(aws, ['ticket-events'])
  const organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  sale = await publishEvent(organizer, { name: 'Returned to sender', quantity: 20, unitPrice: 4_000 })
  buyer = await running.person({ firstName: 'Zofia', lastName: 'Łącka' }, { proven: true })
})
afterAll(async () => {
  await probe?.close()
  aws?.close()
  running?.expectDocumented()
})

async function purchase(person: Person) {
  const { orderId } = expectStatus(await person.buy({ ...sale, quantity: 1 }), 201)
  await person.waitForOrder(orderId, ({ status }) => status === 'CONFIRMED')
  return orderId
}
/** Returns the order's confirmation in its buyer's notification log, if it has this status. */
const logged = (person: Person, orderId: string, status: string) =>
  until(async () => {
    const { notifications } = expectStatus(await person.notifications.listNotifications({ query: {} }), 200)
    const found = notifications.find((one) => one.orderId === orderId && one.type === 'ORDER_CONFIRMATION')
    expect(found?.status).toBe(status)
    return found
  })
const confirmations = async (email: string) =>
  (await running.mails.list(email)).filter(({ subject }) => subject.includes('Returned to sender'))

test('a bounced mail is marked, its address gets no further mails, and other buyers get theirs', async () => {
  const orderId = await purchase(buyer)
  const sent = await logged(buyer, orderId, 'SENT')
  const { messageId } = await running.mails.waitFor(buyer.email, /Returned to sender/)
  // The local SES sends no feedback; the test publishes it in SES's format.
  const at = new Date().toISOString()
  const bounce = {
    eventType: 'Bounce',
    bounce: {
      bounceType: 'Permanent',
      bounceSubType: 'NoEmail',
      bouncedRecipients: [
        { emailAddress: buyer.email, action: 'failed', status: '5.1.1', diagnosticCode: 'smtp; 550 5.1.1' },
      ],
      timestamp: at,
      feedbackId: randomUUID(),
    },
    mail: {
      timestamp: at,
      messageId,
      destination: [buyer.email],
      tags: { notification: [sent?.notificationId] },
    },
  }
  await publishRaw(aws, 'mail-feedback', JSON.stringify(bounce))

  const { payload } = await probe.waitFor(
    ticketDeliveryFailed,
    (message) => message.payload.orderId === orderId,
  )
  expect(payload).toMatchObject({ notificationId: sent?.notificationId, reason: 'NO_SUCH_MAILBOX' })
  const shown = await logged(buyer, orderId, 'BOUNCED')
  expect(shown?.failure).toEqual({
    reason: 'NO_SUCH_MAILBOX',
    message: 'The mail came back: there is no such mailbox.',
  })

  const other = await running.person({ firstName: 'Ola', lastName: 'Obok' }, { proven: true })
  const [again, beside] = [await purchase(buyer), await purchase(other)]
  expect((await logged(buyer, again, 'FAILED'))?.failure?.reason).toBe('ADDRESS_SUPPRESSED')
  await logged(other, beside, 'SENT')
  expect(await confirmations(other.email)).toHaveLength(1)
  expect(await confirmations(buyer.email)).toHaveLength(1)
  // The tickets remain theirs, whatever happens to mails.
  const { tickets } = expectStatus(await buyer.tickets.listMyTickets({ query: {} }), 200)
  expect(tickets.map((ticket) => ticket.orderId).sort()).toEqual([orderId, again].sort())
})

test('an operator sees why an address gets no mails, and lifts the suppression', async () => {
  const operator = await running.operator()
  const { findSuppressions, liftSuppressions } = operator.ops.notifications
  const { addressHash, suppressions } = expectStatus(
    await findSuppressions({ body: { email: buyer.email } }),
    200,
  )
  expect(suppressions).toMatchObject([{ cause: 'BOUNCE', reason: 'NO_SUCH_MAILBOX' }])
  expect(await liftSuppressions({ params: { addressHash } })).toMatchObject({ status: 204 })
  const orderId = await purchase(buyer)
  await logged(buyer, orderId, 'SENT')
  expect(await confirmations(buyer.email)).toHaveLength(2)
  await running.expectAgreement()
})
