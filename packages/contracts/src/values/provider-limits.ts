import type { Currency, Minor } from './money.ts'

// Limits of providers, each with its source. The local stand-ins have their own tables from the same sources:
// a wrong figure here is refused there.

const minor = (amount: number) => amount as Minor

/**
 * The smallest charges of Stripe by currency:
 * https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts. For an account that is paid out in
 * the currency it sells in; otherwise Stripe converts first.
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

/** The largest charge of Stripe, eight digits of minor units: the same page. */
export const CHARGE_MAX = minor(99_999_999)

/**
 * SNS and SQS: the largest message and batch, bodies plus the names, types and values of attributes.
 * https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html. (SQS alone accepts more since 2025, SNS
 * does not.)
 */
export const MESSAGE_BYTES_MAX = 262_144

/**
 * SNS with raw delivery: messages with more attributes are not delivered.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
 */
export const MESSAGE_ATTRIBUTES_MAX = 10

/**
 * SNS and SQS:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
export const MESSAGE_BATCH_MAX = 10
