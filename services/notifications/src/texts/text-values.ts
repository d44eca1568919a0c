import { shortWhenOf } from '../mails/formats.ts'
import type { ShownEvent } from '../mails/mail.ts'
import { statusTexts } from '../mails/order-update.ts'
import type { Known } from '../mails/template.ts'
import type { PayloadOf } from '../notifications/payloads.ts'
import { type TextedType, textedTypes } from '../preferences/preference.ts'
import type { OrderLinkOf } from '../tracking/order-token.ts'

/**
 * The values of an operator's text message that replaces one of ours; `eventName` is added, cut so that the
 * whole text fits.
 */
export type TextValues = Readonly<Record<string, string>> & { readonly when: string }

interface Around {
  orderLinkOf: OrderLinkOf
}
interface Further<T extends TextedType> {
  /** `received`: empty if it is false. */
  of(payload: PayloadOf<T>, around: Around): Readonly<Record<string, string>>
  /** The longest values, to check the length before anything is filled. */
  longest: readonly [Readonly<Record<string, string>>, ...Readonly<Record<string, string>>[]]
}

const longestOf = (texts: readonly string[]) =>
  texts.reduce((longest, text) => (text.length > longest.length ? text : longest))

/** Values of types besides the event and its time. */
const further: { readonly [T in TextedType]?: Further<T> } = {
  ORDER_STATUS_CHANGED: {
    of: ({ status, orderId }, { orderLinkOf }) => ({
      status: statusTexts[status].now,
      url: orderLinkOf(orderId),
    }),
    longest: [
      {
        status: longestOf(Object.values(statusTexts).map(({ now }) => now)),
        url: `https://boxoffice.example/order#token=${'x'.repeat(43)}`,
      },
    ],
  },
  TICKET_TRANSFERRED: {
    of: ({ side }) => ({ received: side === 'RECEIVED' ? 'yes' : '' }),
    longest: [{ received: 'yes' }, { received: '' }],
  },
}
const furtherOf = <T extends TextedType>(type: T) => further[type] as Further<T> | undefined

export const textValuesOf = <T extends TextedType>(
  type: T,
  event: ShownEvent,
  payload: PayloadOf<T>,
  around: Around,
): TextValues => ({
  when: shortWhenOf(event),
  ...furtherOf(type)?.of(payload, around),
})

const LONGEST_WHEN = 'Wed 30 Sept, 19:30 GMT+12:45'

/**
 * Returns the longest values of a type, with an empty event name: a text that is too long with them never
 * fits.
 */
export const longestValuesOf = (type: TextedType): readonly TextValues[] =>
  (furtherOf(type)?.longest ?? [{}]).map((longest) => ({ eventName: '', when: LONGEST_WHEN, ...longest }))

/** The names of the values, by type. */
export const textsKnown: ReadonlyMap<TextedType, Known> = new Map(
  textedTypes.map((type) => [
    type,
    Object.fromEntries(Object.keys(longestValuesOf(type)[0] ?? {}).map((name) => [name, 'TEXT'])),
  ]),
)
