import type Stripe from 'stripe'
import { docUrl } from './errors.ts'
import type { Card, Decline } from './tokens.ts'

export interface NewPaymentIntent {
  id: string
  secret: string
  amount: number
  currency: string
  paymentMethod: string | null
  metadata: Record<string, string>
  automaticPaymentMethods: Stripe.PaymentIntent.AutomaticPaymentMethods | null
  confirmationMethod: 'automatic' | 'manual'
  description: string | null
  receiptEmail: string | null
  statementDescriptor: string | null
  statementDescriptorSuffix: string | null
  /** Seconds since 1970. */
  created: number
}

/** Creates an unconfirmed payment intent. */
export function buildPaymentIntent(made: NewPaymentIntent): Stripe.PaymentIntent {
  return {
    id: made.id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: made.amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: made.automaticPaymentMethods,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `${made.id}_${made.secret}`,
    confirmation_method: made.confirmationMethod,
    created: made.created,
    currency: made.currency,
    customer: null,
    customer_account: null,
    description: made.description,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: made.metadata,
    next_action: null,
    on_behalf_of: null,
    payment_method: made.paymentMethod,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: ['card'],
    payment_record: null,
    processing: null,
    receipt_email: made.receiptEmail,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: made.statementDescriptor,
    statement_descriptor_suffix: made.statementDescriptorSuffix,
    status: made.paymentMethod === null ? 'requires_payment_method' : 'requires_confirmation',
    transfer_data: null,
    transfer_group: null,
  }
}

const CARD_EXPIRY = { exp_month: 12, exp_year: 2040 }
const noBillingDetails = { address: null, email: null, name: null, phone: null, tax_id: null }

/** Returns the payment method of a token. Its id is the token itself, which is easier to recognise. */
export function buildPaymentMethod(token: string, card: Card, created: number): Stripe.PaymentMethod {
  return {
    id: token,
    object: 'payment_method',
    billing_details: noBillingDetails,
    card: {
      ...CARD_EXPIRY,
      brand: card.brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: null },
      country: 'US',
      display_brand: card.brand,
      funding: 'credit',
      generated_from: null,
      last4: card.last4,
      networks: { available: [card.brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    created,
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    type: 'card',
  }
}

export interface NewCharge {
  id: string
  balanceTransaction: string
  intent: Stripe.PaymentIntent
  token: string
  card: Card
  /** Null if it succeeds. */
  decline: Decline | null
  created: number
}

/** Creates an attempt to charge an intent: succeeded, or failed with the bank's reason. */
export function buildCharge(made: NewCharge): Stripe.Charge {
  const { intent, card, decline } = made
  return {
    id: made.id,
    object: 'charge',
    amount: intent.amount,
    amount_captured: decline ? 0 : intent.amount,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: decline ? null : made.balanceTransaction,
    billing_details: noBillingDetails,
    calculated_statement_descriptor: 'BOXOFFICE',
    captured: !decline,
    created: made.created,
    currency: intent.currency,
    customer: null,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: intent.metadata,
    on_behalf_of: null,
    outcome: buildOutcome(decline),
    paid: !decline,
    payment_intent: intent.id,
    payment_method: made.token,
    payment_method_details: { card: buildCardDetails(card, intent.amount), type: 'card' },
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: intent.statement_descriptor,
    statement_descriptor_suffix: intent.statement_descriptor_suffix,
    status: decline ? 'failed' : 'succeeded',
    transfer_data: null,
    transfer_group: null,
  }
}

function buildOutcome(decline: Decline | null): Stripe.Charge.Outcome {
  return {
    advice_code: decline ? 'try_again_later' : null,
    network_advice_code: null,
    network_decline_code: null,
    network_status: decline ? 'declined_by_network' : 'approved_by_network',
    reason: decline?.declineCode ?? null,
    risk_level: 'normal',
    seller_message: decline
      ? 'The bank did not return any further details with this decline.'
      : 'Payment complete.',
    type: decline ? 'issuer_declined' : 'authorized',
  }
}

function buildCardDetails(card: Card, amount: number): Stripe.Charge.PaymentMethodDetails.Card {
  return {
    ...CARD_EXPIRY,
    amount_authorized: amount,
    authorization_code: null,
    brand: card.brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: null },
    country: 'US',
    electronic_commerce_indicator: null,
    funding: 'credit',
    installments: null,
    last4: card.last4,
    mandate: null,
    network: card.brand,
    network_token: null,
    network_transaction_id: null,
    regulated_status: 'unregulated',
    three_d_secure: null,
    transaction_link_id: null,
    wallet: null,
  }
}

/** Returns Stripe's description of a declined attempt, for the intent and the error. */
export function buildPaymentError(
  charge: Stripe.Charge | null,
  method: Stripe.PaymentMethod,
  decline: Decline,
) {
  return {
    advice_code: 'try_again_later',
    ...(charge && { charge: charge.id }),
    code: decline.code,
    decline_code: decline.declineCode,
    doc_url: docUrl(decline.code),
    message: decline.message,
    payment_method: method,
    type: 'card_error' as const,
  }
}
