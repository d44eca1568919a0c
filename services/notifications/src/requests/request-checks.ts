import { Email, type NotificationRequest, NotificationType, Phone } from '@boxoffice/contracts'
import type { Detail } from '@boxoffice/service-kit'
import { z } from 'zod'
import { payloads } from '../notifications/payloads.ts'
import { isPushed, isTexted } from '../preferences/preference.ts'
import type { OperatorTemplates } from '../templates/operator-templates.ts'

const YEAR_DAYS = 366
const DAY_MS = 86_400_000

/** What requests are checked against; `push`: null if this installation sends none. */
interface Place {
  readonly templates: OperatorTemplates
  readonly push: object | null
  readonly now: Date
}

/** Returns what is wrong with a request beyond its schema, with paths relative to it. */
export function objectionsTo(request: NotificationRequest, { templates, push, now }: Place): Detail[] {
  const { userId, type, template, channel, recipient, payload, sendAt } = request
  const details: Detail[] = []
  const object = (path: string, message: string) => details.push({ path, message })
  if (channel === 'PUSH' && !push) object('channel', 'this installation sends no pushes')
  if (channel === 'PUSH' && !isPushed(type)) object('channel', `${type} is not sent as a push`)
  if (channel === 'PUSH' && recipient !== userId)
    object('recipient', 'must be the userId: a push goes to all browsers of a user')
  if (channel === 'SMS' && !isTexted(type)) object('channel', `${type} is not sent by SMS`)
  if (channel === 'EMAIL' && !Email.safeParse(recipient).success)
    object('recipient', 'must be a mail address')
  if (channel === 'SMS' && !Phone.safeParse(recipient).success) {
    object('recipient', 'must be a telephone number in international form, such as +48221234567')
  }
  if (sendAt && sendAt.getTime() - now.getTime() > YEAR_DAYS * DAY_MS)
    object('sendAt', 'must be within a year')
  if (isOwnTemplate(request)) {
    const read = z.safeDecode(payloads[type] as z.ZodType, payload as never)
    for (const issue of read.error?.issues ?? []) object(['payload', ...issue.path].join('.'), issue.message)
  } else if (NotificationType.safeParse(template).success) {
    object(
      'template',
      `must be ${type}, or one that is configured: the template of a type has the type's name`,
    )
  } else {
    const objections = templates.objectionsTo(template, channel === 'PUSH' ? 'SMS' : channel, payload)
    if (objections === null) object('template', `there is no template ${template} for ${channel}`)
    for (const { path, message } of objections ?? [])
      object(path === '' ? 'payload' : `payload.${path}`, message)
  }
  return details
}

/** Whether a request uses the template of its type, built-in or replaced. */
export const isOwnTemplate = ({ template, type }: NotificationRequest) => template === type
