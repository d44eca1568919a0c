import type Stripe from 'stripe'

/** Stripe's `error` object. */
export interface StripeError {
  type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error'
  message: string
  code?: string
  decline_code?: string
  advice_code?: string
  param?: string
  doc_url?: string
  charge?: string
  payment_method?: Stripe.PaymentMethod
  payment_intent?: Stripe.PaymentIntent
}

/** A response: its HTTP status and JSON body. */
export interface Answer {
  status: number
  body: object
}

/**
 * A request refused before execution: nothing has changed, and nothing is stored under its idempotency key.
 * (A refusal that results from execution, such as a decline, is an `Answer` and is stored.)
 */
export class Refusal extends Error {
  readonly answer: Answer

  constructor(status: number, error: StripeError) {
    super(error.message)
    this.name = 'Refusal'
    this.answer = answerError(status, error)
  }
}

export function answerError(status: number, error: StripeError): Answer {
  const documented = error.code === undefined ? {} : { doc_url: docUrl(error.code) }
  return { status, body: { error: { ...documented, ...error } } }
}

export const docUrl = (code: string) => `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`

/** Creates a 400 (or `status`) for invalid parameters. */
export function invalidRequest(
  message: string,
  about: { code?: string; param?: string; status?: number } = {},
): Refusal {
  const { status = 400, ...fields } = about
  return new Refusal(status, { type: 'invalid_request_error', message, ...fields })
}

/** Creates Stripe's response to an unknown id: 404 if it is in the path, 400 if it is a parameter. */
export function answerMissing(thing: string, id: string, param: string, status: 400 | 404): Answer {
  return answerError(status, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${thing}: '${id}'`,
    param,
  })
}

export const answerServerError = (): Answer =>
  answerError(500, { type: 'api_error', message: 'An unknown error occurred while processing your request.' })
