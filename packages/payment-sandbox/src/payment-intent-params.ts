import type Stripe from 'stripe'
import { leastCharge, MOST_CHARGE } from './charge-limits.ts'
import { invalidRequest } from './errors.ts'
import type { Form } from './form.ts'
import {
  missing,
  readAmount,
  readBoolean,
  readForm,
  readOneOf,
  readText,
  readTexts,
  requireText,
} from './params.ts'
import { type Behaviour, findBehaviour } from './tokens.ts'

const currencies = new Set(Intl.supportedValuesOf('currency').map((currency) => currency.toLowerCase()))

export const confirmParams = [
  'payment_method',
  'receipt_email',
  'return_url',
  'off_session',
  'error_on_requires_action',
  'use_stripe_sdk',
  'expand',
]

export const createParams = [
  ...confirmParams,
  'amount',
  'currency',
  'confirm',
  'automatic_payment_methods',
  'payment_method_types',
  'capture_method',
  'confirmation_method',
  'metadata',
  'description',
  'statement_descriptor',
  'statement_descriptor_suffix',
]

export function requireAmount(params: Form): number {
  const amount = readAmount(params, 'amount')
  if (amount === null) throw missing('amount')
  const currency = (readText(params, 'currency') ?? '').toLowerCase()
  const least = leastCharge(currency)
  if (amount < least) {
    const message = `Amount must be at least ${(least / 100).toFixed(2)} ${currency}`
    throw invalidRequest(message, { code: 'amount_too_small', param: 'amount' })
  }
  if (amount > MOST_CHARGE)
    throw invalidRequest(`Amount must be no more than 999,999.99 ${currency}`, {
      code: 'amount_too_large',
      param: 'amount',
    })
  return amount
}

export function requireCurrency(params: Form): string {
  const currency = requireText(params, 'currency').toLowerCase()
  if (currencies.has(currency)) return currency
  throw invalidRequest(`Invalid currency: ${currency}.`, { param: 'currency' })
}

export function requireBehaviour(token: string): Behaviour {
  const behaviour = findBehaviour(token)
  if (behaviour !== null) return behaviour
  throw invalidRequest(`No such PaymentMethod: '${token}'`, {
    code: 'resource_missing',
    param: 'payment_method',
  })
}

/** The sandbox simulates a card account with immediate capture; other options are refused, not ignored. */
export function refuseOtherThanCards(params: Form): void {
  readOneOf(params, 'capture_method', ['automatic', 'automatic_async'])
  if (readTexts(params, 'payment_method_types').some((type) => type !== 'card'))
    throw invalidRequest('The sandbox takes payments by card only.', { param: 'payment_method_types' })
}

export function readAutomaticPaymentMethods(
  params: Form,
): Stripe.PaymentIntent.AutomaticPaymentMethods | null {
  const sent = readForm(params, 'automatic_payment_methods')
  if (sent === null && params.payment_method_types !== undefined) return null
  const allowRedirects = sent && readOneOf(sent, 'allow_redirects', ['always', 'never'])
  return {
    allow_redirects: allowRedirects ?? 'always',
    enabled: sent === null || readBoolean(sent, 'enabled'),
  }
}

export const refusesAuthentication = (params: Form) =>
  readBoolean(params, 'off_session') || readBoolean(params, 'error_on_requires_action')
