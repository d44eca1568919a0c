import type { Currency, Minor } from './money.ts'

// Limits that others set, each with its source. Their stand-ins on one machine keep tables of their own, from
// the same sources: a figure that is wrong here is refused there.

const minor = (amount: number) => amount as Minor

/**
 * The least that Stripe charges, by currency:
 * https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts. It is for an account that is paid
 * out in the currency it sells in; otherwise Stripe converts first.
 */
export const CHARGE_MIN: Readonly<Record<Currency, Minor>> = {
  AUD: minor(50),
  CAD: minor(50),
  CHF: minor(50),
  CZK: minor(1_500),
  DKK: minor(250),
  EUR: minor(50),
  GBP: minor(30),
  NOK: minor(300),
  NZD: minor(50),
  PLN: minor(200),
  RON: minor(200),
  SEK: minor(300),
  USD: minor(50),
}

/** The most that Stripe charges, eight digits of minor units: the same page. */
export const CHARGE_MAX = minor(99_999_999)

/**
 * SNS and SQS: a message, and a batch of them, bodies with the names, types and values of their attributes.
 * https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html. (SQS alone takes more since 2025; what
 * SNS delivers does not grow.)
 */
export const MESSAGE_BYTES_MAX = 262_144

/**
 * SNS with raw delivery: more attributes are not delivered.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
 */
export const MESSAGE_ATTRIBUTES_MAX = 10

/**
 * SNS and SQS:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
export const MESSAGE_BATCH_MAX = 10
