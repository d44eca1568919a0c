import { createHash } from 'node:crypto'
import {
  addressOf,
  Email,
  EventId,
  type NotificationId,
  type NotificationRequest,
  type notificationsInternalRoutes,
  OrderId,
  Phone,
} from '@boxoffice/contracts'
import { currentCorrelationId, type Handlers, refuse, sqlOf } from '@boxoffice/service-kit'
import { z } from 'zod'
import type { Dependencies } from '../dependencies.ts'
import { isEnabled, isTexted, type SentBy } from '../preferences/preference.ts'
import { type Choices, findChoices, noChoices } from '../preferences/preference-repository.ts'
import { derivedId } from './derived-id.ts'
import { newNotification } from './enqueue.ts'
import { findRequested, insertNotifications } from './notification-repository.ts'
import { encodePayload, payloadOf, payloads } from './payloads.ts'

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
    const requestHash = hashOf(body)
    const known = await findRequested(deps.prisma, notificationId)
    if (known) return answerKnown(known, { notificationId, requestHash, body })
    const choices = (await findChoices(sqlOf(deps.prisma), [body.userId])).get(body.userId) ?? noChoices
    if (!isEnabled(body.type, channelOf(body), choices.choices)) {
      return { status: 200, body: { enqueued: false, reason: 'TURNED_OFF' } }
    }
    if (await keep(deps, { notificationId, requestHash, body, choices })) return { status: 202, body: { notificationId } }
    // Another with the same key was faster.
    const faster = await findRequested(deps.prisma, notificationId)
    if (!faster) throw new Error(`notification ${notificationId} was neither written nor there`)
    return answerKnown(faster, { notificationId, requestHash, body })
  },
})

type Asked = { notificationId: NotificationId; requestHash: string; body: NotificationRequest }

function answerKnown(
  known: NonNullable<Awaited<ReturnType<typeof findRequested>>>,
  { notificationId, requestHash, body }: Asked,
) {
  // Rows that were written before hashes were kept have none: of those that much is known.
  const isSame =
    known.requestHash === null
      ? known.type === body.type && known.channel === body.channel && known.recipientId === body.userId
      : known.requestHash === requestHash
  if (!isSame) return refuse(422, 'IDEMPOTENCY_KEY_REUSED', 'this key was used for another request')
  return { status: 202 as const, body: { notificationId } }
}

/** The same for the same request, however its JSON is ordered. */
function hashOf({ requestId: _, ...request }: NotificationRequest): string {
  const sorted = (_key: string, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value
  return createHash('sha256').update(JSON.stringify(request, sorted)).digest('hex')
}

function channelOf({ channel }: NotificationRequest): SentBy {
  if (channel === 'PUSH') throw new Error('PUSH was let through')
  return channel
}

/** Write it down; false where one with this id stands there already. */
async function keep(
  { prisma, now, sender }: Dependencies,
  { notificationId, requestHash, body, choices }: Asked & { choices: Choices },
): Promise<boolean> {
  const { userId, type, recipient, subject, payload, priority } = body
  const wanted = {
    messageId: notificationId,
    correlationId: currentCorrelationId(),
    type,
    recipientId: userId,
    address: body.channel === 'EMAIL' ? addressOf(recipient) : recipient,
    ...Subject.safeParse(payload).data,
    payload: encodePayload(type, payloadOf(type, body)),
    ...(subject && { ownSubject: subject }),
  }
  const about = { notificationId, channel: channelOf(body), choices, createdAt: now() }
  const notification = newNotification(wanted, priority === 'URGENT' ? { ...about, urgent: true } : about)
  const written = await insertNotifications(sqlOf(prisma), [{ ...notification, requestHash }])
  sender.nudge()
  return written === 1
}

function objectionsTo({ type, template, channel, recipient, payload }: NotificationRequest) {
  const details: { path: string; message: string }[] = []
  const object = (path: string, message: string) => details.push({ path: `body.${path}`, message })
  if (channel === 'PUSH') object('channel', 'push notifications are not offered: send EMAIL or SMS')
  if (channel === 'SMS' && !isTexted(type)) object('channel', `${type} is not sent by SMS`)
  if (channel === 'EMAIL' && !Email.safeParse(recipient).success) object('recipient', 'must be a mail address')
  if (channel === 'SMS' && !Phone.safeParse(recipient).success) {
    object('recipient', 'must be a telephone number in international form, such as +48221234567')
  }
  if (template !== type) object('template', `must be ${type}: each type has one template, of its own name`)
  const read = z.safeDecode(payloads[type] as z.ZodType, payload as never)
  for (const issue of read.error?.issues ?? []) object(['payload', ...issue.path].join('.'), issue.message)
  return details
}
