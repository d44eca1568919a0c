export interface Card {
  brand: string
  last4: string
}

export interface Decline {
  code: string
  declineCode: string
  message: string
}

/** Effects of a payment method on the payment that it confirms. */
export interface Behaviour {
  card: Card
  /** `break`: the gateway fails before it charges. */
  course:
    | { kind: 'charge' }
    | { kind: 'decline'; decline: Decline }
    | { kind: 'authenticate' }
    | { kind: 'break' }
  /** How the response is delivered once its effects are stored: sent, withheld, or replaced by a 500. */
  reply: 'sent' | 'withheld' | 'lost'
  delayMs: number
  /** Number of deliveries of each webhook about the payment. */
  webhookCopies: number
}

const DELAY_MAX_MS = 600_000
const visa: Card = { brand: 'visa', last4: '4242' }

const plain: Behaviour = {
  card: visa,
  course: { kind: 'charge' },
  reply: 'sent',
  delayMs: 0,
  webhookCopies: 1,
}

export const authenticationRequired = decline(
  'authentication_required',
  'authentication_required',
  'Your card was declined. This transaction requires authentication.',
)

/** Stripe's own names, each also with the prefix `visa_`. */
const declines: Record<string, { decline: Decline; last4: string }> = {
  chargeDeclined: {
    decline: decline('card_declined', 'generic_decline', 'Your card was declined.'),
    last4: '0002',
  },
  chargeDeclinedInsufficientFunds: {
    decline: decline('card_declined', 'insufficient_funds', 'Your card has insufficient funds.'),
    last4: '9995',
  },
  chargeDeclinedLostCard: {
    decline: decline('card_declined', 'lost_card', 'Your card was declined.'),
    last4: '9987',
  },
  chargeDeclinedStolenCard: {
    decline: decline('card_declined', 'stolen_card', 'Your card was declined.'),
    last4: '9979',
  },
  chargeDeclinedExpiredCard: {
    decline: decline('expired_card', 'expired_card', 'Your card has expired.'),
    last4: '0069',
  },
  chargeDeclinedIncorrectCvc: {
    decline: decline('incorrect_cvc', 'incorrect_cvc', "Your card's security code is incorrect."),
    last4: '0127',
  },
  chargeDeclinedProcessingError: {
    decline: decline(
      'processing_error',
      'processing_error',
      'An error occurred while processing your card. Try again in a little bit.',
    ),
    last4: '0119',
  },
}

const genericDecline: Behaviour['course'] = {
  kind: 'decline',
  decline: decline('card_declined', 'generic_decline', 'Your card was declined.'),
}

const behaviours: Record<string, Partial<Behaviour>> = {
  pm_card_visa: {},
  pm_card_visa_debit: { card: { brand: 'visa', last4: '5556' } },
  pm_card_mastercard: { card: { brand: 'mastercard', last4: '4444' } },
  pm_card_amex: { card: { brand: 'amex', last4: '8431' } },
  pm_card_authenticationRequired: {
    card: { brand: 'visa', last4: '3184' },
    course: { kind: 'authenticate' },
  },
  pm_card_threeDSecure2Required: { card: { brand: 'visa', last4: '3220' }, course: { kind: 'authenticate' } },
  pm_sandbox_timeout_then_succeeded: { reply: 'withheld' },
  pm_sandbox_timeout_then_declined: {
    reply: 'withheld',
    course: genericDecline,
    card: { brand: 'visa', last4: '0002' },
  },
  pm_sandbox_error_after_charge: { reply: 'lost' },
  pm_sandbox_error_before_charge: { course: { kind: 'break' } },
  pm_sandbox_webhook_twice: { webhookCopies: 2 },
  pm_sandbox_webhook_never: { webhookCopies: 0 },
}
for (const [name, { decline, last4 }] of Object.entries(declines)) {
  const behaviour: Partial<Behaviour> = {
    course: { kind: 'decline', decline },
    card: { brand: 'visa', last4 },
  }
  behaviours[`pm_card_${name}`] = behaviour
  behaviours[`pm_card_visa_${name}`] = behaviour
}

/** Returns the behaviour of the payment method `token`; null if it is unknown. */
export function findBehaviour(token: string): Behaviour | null {
  const delayMs = Number(/^pm_sandbox_slow_(\d{1,6})$/.exec(token)?.[1] ?? Number.NaN)
  if (delayMs <= DELAY_MAX_MS) return { ...plain, delayMs }
  return Object.hasOwn(behaviours, token) ? { ...plain, ...behaviours[token] } : null
}

function decline(code: string, declineCode: string, message: string): Decline {
  return { code, declineCode, message }
}
