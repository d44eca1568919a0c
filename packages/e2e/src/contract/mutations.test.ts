import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { operations } from './catalogue.ts'
import { hostileTexts, mutationsOf } from './mutations.ts'
import { goodRequests, type World } from './requests.ts'

const world = {
  ...Object.fromEntries(
    [
      'eventId',
      'venueId',
      'ticketTypeId',
      'seatedTypeId',
      'reservationId',
      'orderId',
      'ticketId',
      'transferId',
      'notificationId',
      'subscriptionId',
      'userId',
    ].map((name) => [name, randomUUID()]),
  ),
  email: 'ada@example.test',
  secret: 'a_secret_for_tests',
} as unknown as World

/** Free text fields: formulas, markup and quotes are stored as text, and every output escapes them. */
const freeText = [
  'auth.register firstName',
  'auth.register lastName',
  'auth.updateMe firstName',
  'auth.updateMe lastName',
  'events.cancelEvent cancellationReason',
  'events.createEvent description',
  'events.createEvent name',
  'events.createVenue address',
  'events.createVenue city',
  'events.createVenue name',
  'events.putSeatingPlan zones.0.name',
  'events.updateEvent description',
  'events.updateEvent name',
  'notifications.addPushSubscription device',
  'payments.buySeat holderName',
  'payments.createOrder holderName',
  'payments.refundOrder reason',
  'payments.updateOrder holderName',
  'tickets.checkIn gate',
  'tickets.createTicketType name',
  'tickets.stopTicket note',
  'tickets.transferTicket holderName',
  'tickets.updateTicketType name',
]

/** Optional values that null clears. */
const removable = [
  'auth.updateMe lastName',
  'auth.updateMe phone',
  'events.updateEvent endDate',
  'events.updateEvent imageUrl',
  'events.updateEvent refundableUntil',
  'tickets.updateTicketType salesStartAt',
  'tickets.updateTicketType salesEndAt',
  'tickets.updateTicketType maxPerUser',
  'notifications.updatePreferences quietHours',
  'notifications.addPushSubscription expirationTime',
]

/**
 * Values that are compared, hashed or decoded but never displayed or stored: passwords, tokens looked up by
 * hash, and positions in a list.
 */
const opaque = [
  'auth.register password',
  'auth.login password',
  'auth.refresh refreshToken',
  'auth.logout refreshToken',
  'auth.verifyEmail token',
  'auth.verifyEmail newPassword',
  'auth.resetPassword token',
  'auth.changeEmail password',
  'auth.confirmEmailChange token',
  'auth.confirmEmailChange password',
  'auth.undoEmailChange token',
  'auth.undoEmailChange password',
  'auth.resetPassword password',
  'auth.findUsers cursor',
  // Looked up by content once the signature is verified; never stored.
  'tickets.checkIn code',
  'tickets.claimTransfer token',
  'notifications.confirmOrderContact token',
  'notifications.undoOrderContact token',
]

test('every operation with input has a valid request', () => {
  const takes = operations.filter(({ route }) => route.params || route.query || route.body)
  expect(takes.map(({ name }) => name).filter((name) => !goodRequests[name])).toEqual([])
  for (const { name, route } of takes) {
    const good = goodRequests[name]?.(world)
    for (const part of ['params', 'query', 'body'] as const) {
      const schema = route[part]
      expect(Boolean(good?.[part]), `${name} ${part}`).toBe(Boolean(schema))
      if (schema)
        expect(z.safeDecode(schema, good?.[part] as never).error?.issues ?? [], `${name} ${part}`).toEqual([])
      // Every optional field must be present: a field missing here would never be tested.
      if (schema instanceof z.ZodObject) {
        const given = Object.keys(good?.[part] as object)
        expect(
          Object.keys(schema.shape).filter((key) => !given.includes(key) && !isAlternative(name, key)),
          name,
        ).toEqual([])
      }
    }
  }
})

/** These fields are alternatives; the valid request uses another one. */
function isAlternative(name: string, key: string): boolean {
  return (
    (/^events\.(create|update)Event$/.test(name) && /^venue(Name|Address)$/.test(key)) ||
    (name === 'tickets.createTicketType' && key === 'zoneIds') ||
    (name === 'auth.verifyEmail' && key === 'password')
  )
}

test('hostile text is accepted in free text fields only', () => {
  const accepted = new Set<string>()
  for (const { name, route } of operations) {
    const good = goodRequests[name]?.(world).body
    if (!route.body || good === undefined || name === 'payments.stripeWebhook') continue
    for (const { what, path, json } of mutationsOf(good)) {
      if (!(what in hostileTexts) || !z.safeDecode(route.body, JSON.parse(json)).success) continue
      const field = `${name} ${path.join('.')}`
      accepted.add(field)
      if (what === 'control characters' || what === 'a lone surrogate') expect(opaque, what).toContain(field)
    }
  }
  expect([...accepted].toSorted()).toEqual([...freeText, ...opaque].toSorted())
})

test('mistyped, unknown, missing, too large or too deep input is refused; optional values are not', () => {
  const lax: string[] = []
  for (const { name, route } of operations) {
    const good = goodRequests[name]?.(world).body
    if (!route.body || good === undefined || name === 'payments.stripeWebhook') continue
    for (const { what, path, json } of mutationsOf(good)) {
      if (what in hostileTexts || what === 'missing' || what === 'polluting') continue
      const field = `${name} ${path.join('.')}`
      const isNumberAnywhere = /seats\.0\.[xy]$/.test(field) && /^-?[\d.]+$/.test(what)
      // Browsers may add fields to the subscription; they are ignored.
      const isUnread = / expirationTime$/.test(field) && /^mistyped as -?[\d.]+$/.test(what)
      // Quiet hours may be updated alone.
      const isEmptiable = field === 'notifications.updatePreferences preferences' && what === 'empty'
      if (
        (what === 'mistyped as null' && removable.includes(field)) ||
        isNumberAnywhere ||
        isUnread ||
        isEmptiable
      )
        continue
      if (z.safeDecode(route.body, JSON.parse(json)).success) lax.push(`${field} ${what}`)
    }
  }
  expect(lax).toEqual([])
})
