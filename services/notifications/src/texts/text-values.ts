import { shortWhenOf } from '../mails/formats.ts'
import type { ShownEvent } from '../mails/mail.ts'
import { standings } from '../mails/order-news.ts'
import type { Known } from '../mails/template.ts'
import type { PayloadOf } from '../notifications/payloads.ts'
import { type TextedType, textedTypes } from '../preferences/preference.ts'
import type { OrderLinkOf } from '../tracking/order-token.ts'

/**
 * What an operator's text message gets that stands for one of ours; with `eventName` it is cut so that all of
 * it fits.
 */
export type TextValues = Readonly<Record<string, string>> & { readonly when: string }

interface Around {
  orderLinkOf: OrderLinkOf
}
interface Further<T extends TextedType> {
  /** `received`: empty where it is not so. */
  of(payload: PayloadOf<T>, around: Around): Readonly<Record<string, string>>
  /** The longest of each kind, for counting before anything is filled. */
  longest: readonly [Readonly<Record<string, string>>, ...Readonly<Record<string, string>>[]]
}

const longestOf = (texts: readonly string[]) =>
  texts.reduce((longest, text) => (text.length > longest.length ? text : longest))

/** What types tell beside the event and when it is. */
const further: { readonly [T in TextedType]?: Further<T> } = {
  ORDER_STATUS_CHANGED: {
    of: ({ status, orderId }, { orderLinkOf }) => ({
      status: standings[status].now,
      url: orderLinkOf(orderId),
    }),
    longest: [
      {
        status: longestOf(Object.values(standings).map(({ now }) => now)),
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

/** The longest values of a type, with an event that has no name: what is too long of them fits never. */
export const longestValuesOf = (type: TextedType): readonly TextValues[] =>
  (furtherOf(type)?.longest ?? [{}]).map((longest) => ({ eventName: '', when: LONGEST_WHEN, ...longest }))

/** The names of the values by type. */
export const textsKnown: ReadonlyMap<TextedType, Known> = new Map(
  textedTypes.map((type) => [
    type,
    Object.fromEntries(Object.keys(longestValuesOf(type)[0] ?? {}).map((name) => [name, 'TEXT'])),
  ]),
)
