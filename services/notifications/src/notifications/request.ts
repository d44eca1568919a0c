import {
  EventId,
  type NotificationId,
  type NotificationRequest,
  type notificationsInternalRoutes,
  OrderId,
} from '@boxoffice/contracts'
import { currentCorrelationId, type Handlers, refuse } from '@boxoffice/service-kit'
import { z } from 'zod'
import type { Dependencies } from '../dependencies.ts'
import { isEnabled, isTexted } from '../preferences/preference.ts'
import { findChoices, noChoices } from '../preferences/preference-repository.ts'
import { derivedId } from './derived-id.ts'
import { newNotification } from './enqueue.ts'
import { findRequested, insertNotifications } from './notification-repository.ts'
import { encodePayload, payloadOf, payloads } from './payloads.ts'

const Address = z.email().max(254)
const PhoneNumber = z.string().regex(/^\+[1-9]\d{6,14}$/)
const Subject = z.object({ orderId: OrderId.optional(), eventId: EventId.optional() })
const IdempotencyKey = /^[\x21-\x7e]{1,255}$/

/** What other services ask to be sent: the same words, preferences and care as for what messages ask for. */
export const requestHandlers = (deps: Dependencies): Handlers<typeof notificationsInternalRoutes> => ({
  async sendNotification({ body, principal, headers }) {
    const details = objectionsTo(body)
    const header = headers['idempotency-key']
    if (header !== undefined && !(typeof header === 'string' && IdempotencyKey.test(header))) {
      details.push({ path: 'headers.idempotency-key', message: 'must be 1 to 255 printable characters' })
    }
    if (details.length > 0) return refuse(400, 'VALIDATION_FAILED', 'the request is not of its schema', { details })
    const key = body.requestId ?? (header as string | undefined)
    // One request of one service is one notification, however often it comes.
    const notificationId = (key ? derivedId(`${principal.service} ${key}`) : deps.newId()) as NotificationId
    const known = await findRequested(deps.prisma, notificationId)
    const isSame = (before: NonNullable<typeof known>) =>
      before.type === body.type && before.channel === body.channel && before.recipientId === body.userId
    if (known && !isSame(known)) return refuse(422, 'IDEMPOTENCY_KEY_REUSED', 'this key was used for another request')
    if (!known) await keep(deps, notificationId, body)
    return { status: 202, body: { notificationId } }
  },
})

async function keep({ prisma, now, sender }: Dependencies, notificationId: NotificationId, request: NotificationRequest) {
  const { userId, type, channel, recipient, subject, payload, priority } = request
  if (channel === 'PUSH') throw new Error('PUSH was let through')
  const choices = (await findChoices(prisma, [userId])).get(userId) ?? noChoices
  if (!isEnabled(type, channel, choices.choices)) return
  const wanted = {
    messageId: notificationId,
    correlationId: currentCorrelationId(),
    type,
    recipientId: userId,
    address: recipient,
    ...Subject.safeParse(payload).data,
    payload: encodePayload(type, payloadOf(type, request)),
    ...(subject && { ownSubject: subject }),
  }
  const about = { notificationId, channel, choices, createdAt: now() }
  await insertNotifications(prisma, [newNotification(wanted, priority === 'URGENT' ? { ...about, urgent: true } : about)])
  sender.nudge()
}

function objectionsTo({ type, template, channel, recipient, payload }: NotificationRequest) {
  const details: { path: string; message: string }[] = []
  const object = (path: string, message: string) => details.push({ path: `body.${path}`, message })
  if (channel === 'PUSH') object('channel', 'push notifications are not offered: send EMAIL or SMS')
  if (channel === 'SMS' && !isTexted(type)) object('channel', `${type} is not sent by SMS`)
  if (channel === 'EMAIL' && !Address.safeParse(recipient).success) object('recipient', 'must be a mail address')
  if (channel === 'SMS' && !PhoneNumber.safeParse(recipient).success) {
    object('recipient', 'must be a telephone number in international form, such as +48221234567')
  }
  if (template !== type) object('template', `must be ${type}: each type has one template, of its own name`)
  const read = z.safeDecode(payloads[type] as z.ZodType, payload as never)
  for (const issue of read.error?.issues ?? []) object(['payload', ...issue.path].join('.'), issue.message)
  return details
}
