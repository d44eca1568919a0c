import {
  IDEMPOTENCY_KEY_REUSED,
  NOTIFICATION_NOT_FOUND,
  NOTIFICATION_NOT_PENDING,
  NotificationRequest,
  type notificationsInternalRoutes,
  type RequestOutcome,
} from '@boxoffice/contracts'
import {
  type Detail,
  detailsOf,
  type HandlerRefusal,
  type Handlers,
  refuse,
  refuseDetails,
  refuseUnknown,
} from '@boxoffice/service-kit'
import { z } from 'zod'
import type { OperatorTemplates } from '../templates/operator-templates.ts'
import type { AcceptRequestsDeps } from './accept-requests.ts'
import { type Accepted, type Asked, acceptRequests } from './accept-requests.ts'
import { objectionsTo } from './request-checks.ts'
import { CANCELLED_BY_ASKER, cancelPending, findOwnRequest } from './request-repository.ts'
import { requestedOf } from './requested.ts'

type Deps = AcceptRequestsDeps & {
  templates: OperatorTemplates
  /** null: this installation sends no pushes. */
  push: object | null
}

const IdempotencyKey = z.string().regex(/^[\x21-\x7e]{1,255}$/)

/**
 * Accepts notification requests of other services, with the same preferences and limits as those that
 * messages cause.
 */
export const requestHandlers = (deps: Deps): Handlers<typeof notificationsInternalRoutes> => ({
  async sendNotification({ body, principal, headers }) {
    const header = keyOf(headers)
    const objections = objectionsTo(body, { ...deps, now: deps.now() })
    const details = [...within('body', objections), ...header.objections]
    if (details.length > 0) return refuseDetails(details)
    const [accepted] = await acceptRequests(deps, principal.service, [
      { request: body, key: body.requestId ?? header.key },
    ])
    if (accepted === 'KEY_REUSED' || accepted === undefined) return keyReused()
    if (accepted === 'TURNED_OFF') return { status: 200, body: { enqueued: false, reason: accepted } }
    return { status: 202, body: accepted }
  },

  async sendNotifications({ body: { requests }, principal, headers }) {
    const header = keyOf(headers)
    if (header.objections.length > 0) return refuseDetails(header.objections)
    const read = requests.map((request, index) =>
      readRequest(request, header.key && `${header.key} ${index}`, deps),
    )
    const asked = read.flatMap((one) => ('asked' in one ? [one.asked] : []))
    const accepted = await acceptRequests(deps, principal.service, asked)
    const outcomes = read.map((one): RequestOutcome => {
      if ('details' in one) return refusedBy(refuseDetails(one.details))
      return outcomeOf(accepted[asked.indexOf(one.asked)])
    })
    return { status: 200, body: { outcomes } }
  },

  async getRequestedNotification({ params: { notificationId }, principal }) {
    const row = await findOwnRequest(deps.db, notificationId, principal.service)
    return row
      ? { status: 200, body: requestedOf(row) }
      : refuseUnknown(NOTIFICATION_NOT_FOUND, notificationId)
  },

  async cancelRequestedNotification({ params: { notificationId }, principal: { service } }) {
    if (await cancelPending(deps.db, notificationId, service)) return { status: 204, body: undefined }
    const row = await findOwnRequest(deps.db, notificationId, service)
    if (!row) return refuseUnknown(NOTIFICATION_NOT_FOUND, notificationId)
    if (row.failureReason === CANCELLED_BY_ASKER) return { status: 204, body: undefined }
    return refuse(NOTIFICATION_NOT_PENDING, { message: `it is ${row.status}: it can no longer be cancelled` })
  },
})

const within = (part: string, details: readonly Detail[]) =>
  details.map((detail) => ({ ...detail, path: `${part}.${detail.path}` }))

function keyOf(headers: Readonly<Record<string, unknown>>): { key: string | null; objections: Detail[] } {
  const header = headers['idempotency-key']
  if (header === undefined) return { key: null, objections: [] }
  const { data: key = null } = IdempotencyKey.safeParse(header)
  const message = 'must be 1 to 255 printable characters'
  return { key, objections: key === null ? [{ path: 'headers.idempotency-key', message }] : [] }
}

/**
 * Reads one request of a batch, which is refused by itself with its own paths. `place`: its key if the call
 * has one and the request does not.
 */
function readRequest(
  request: unknown,
  place: string | null,
  deps: Deps,
): { asked: Asked } | { details: Detail[] } {
  const read = z.safeDecode(NotificationRequest, request as never)
  if (!read.success) return { details: detailsOf('body', read.error) }
  const objections = objectionsTo(read.data, { ...deps, now: deps.now() })
  if (objections.length > 0) return { details: within('body', objections) }
  return { asked: { request: read.data, key: read.data.requestId ?? place } }
}

const keyReused = () => refuse(IDEMPOTENCY_KEY_REUSED, { message: 'this key was used for another request' })
const refusedBy = ({ body }: HandlerRefusal): RequestOutcome => ({ outcome: 'REFUSED', ...body })

function outcomeOf(accepted: Accepted | undefined): RequestOutcome {
  if (accepted === 'TURNED_OFF') return { outcome: accepted }
  return accepted === 'KEY_REUSED' || accepted === undefined
    ? refusedBy(keyReused())
    : { outcome: 'ACCEPTED', ...accepted }
}
