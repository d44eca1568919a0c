import type Stripe from 'stripe'
import { answerUnexpectedState, attemptPayment } from './confirmation.ts'
import { type Context, type Result, seconds, sent, type Work } from './context.ts'
import type { Tx } from './database.ts'
import { type Answer, answerMissing } from './errors.ts'
import { expand } from './expand.ts'
import type { Form } from './form.ts'
import {
  missing,
  readBoolean,
  readMetadata,
  readOneOf,
  readText,
  readTexts,
  refuseUnknown,
} from './params.ts'
import {
  confirmParams,
  createParams,
  readAutomaticPaymentMethods,
  refuseOtherThanCards,
  refusesAuthentication,
  requireAmount,
  requireBehaviour,
  requireCurrency,
} from './payment-intent-params.ts'
import { findIntent, insertIntent, updateIntent } from './payment-repository.ts'
import { recordStripeEvent } from './stripe-events.ts'
import { buildPaymentIntent } from './stripe-objects.ts'
import { findBehaviour } from './tokens.ts'

const cancellationReasons = ['abandoned', 'duplicate', 'fraudulent', 'requested_by_customer'] as const
const cancellable = [
  'requires_payment_method',
  'requires_capture',
  'requires_confirmation',
  'requires_action',
  'processing',
]

/**
 * POST /v1/payment_intents: creates an intent and, with `confirm=true`, attempts to charge it in the same
 * transaction.
 */
export function prepareCreate(context: Context, params: Form): Work {
  refuseUnknown(params, createParams)
  const amount = requireAmount(params)
  const currency = requireCurrency(params)
  const token = readText(params, 'payment_method')
  const behaviour = token === null ? null : requireBehaviour(token)
  const confirm = readBoolean(params, 'confirm')
  if (confirm && token === null) throw missing('payment_method')
  refuseOtherThanCards(params)
  const made = {
    amount,
    currency,
    paymentMethod: token,
    metadata: readMetadata(params),
    automaticPaymentMethods: readAutomaticPaymentMethods(params),
    confirmationMethod:
      readOneOf(params, 'confirmation_method', ['automatic', 'manual']) ?? ('automatic' as const),
    description: readText(params, 'description'),
    receiptEmail: readText(params, 'receipt_email'),
    statementDescriptor: readText(params, 'statement_descriptor'),
    statementDescriptorSuffix: readText(params, 'statement_descriptor_suffix'),
  }
  const declineAuthentication = refusesAuthentication(params)
  const expansions = readTexts(params, 'expand')

  return {
    delayMs: confirm ? (behaviour?.delayMs ?? 0) : 0,
    run: (tx, request) => {
      const id = context.newId('pi')
      const intent = buildPaymentIntent({
        ...made,
        id,
        secret: context.newId('secret'),
        created: seconds(context.now()),
      })
      insertIntent(tx, intent)
      if (!confirm || token === null || behaviour === null)
        return sent(expanded(tx, { status: 200, body: intent }, expansions))
      const result = attemptPayment(tx, context, request, { intent, token, behaviour, declineAuthentication })
      return expanded(tx, result, expansions)
    },
  }
}

/** POST /v1/payment_intents/:id/confirm, with the given payment method or the intent's own. */
export function prepareConfirm(context: Context, read: Tx, id: string, params: Form): Work {
  refuseUnknown(params, confirmParams)
  const named = readText(params, 'payment_method')
  const namedBehaviour = named === null ? null : requireBehaviour(named)
  const attached = findIntent(read, id)?.intent.payment_method
  const attachedBehaviour = typeof attached === 'string' ? findBehaviour(attached) : null
  const declineAuthentication = refusesAuthentication(params)
  const receiptEmail = readText(params, 'receipt_email')
  const expansions = readTexts(params, 'expand')

  return {
    delayMs: (namedBehaviour ?? attachedBehaviour)?.delayMs ?? 0,
    run: (tx, request) => {
      const stored = findIntent(tx, id)?.intent
      if (stored === undefined) return sent(answerMissing('payment_intent', id, 'intent', 404))
      const refused = refuseConfirmation(stored)
      if (refused !== null) return refused
      const token = named ?? (typeof stored.payment_method === 'string' ? stored.payment_method : null)
      if (token === null)
        return answerUnexpectedState(
          stored,
          "You cannot confirm this PaymentIntent because it's missing a payment method.",
        )
      const intent = { ...stored, receipt_email: receiptEmail ?? stored.receipt_email }
      const attempt = { intent, token, behaviour: requireBehaviour(token), declineAuthentication }
      return expanded(tx, attemptPayment(tx, context, request, attempt), expansions)
    },
  }
}

/** POST /v1/payment_intents/:id/cancel: nothing can be charged afterwards. */
export function prepareCancel(context: Context, id: string, params: Form): Work {
  refuseUnknown(params, ['cancellation_reason', 'expand'])
  const reason = readOneOf(params, 'cancellation_reason', cancellationReasons)
  const expansions = readTexts(params, 'expand')
  return {
    delayMs: 0,
    run: (tx, request) => {
      const stored = findIntent(tx, id)
      if (stored === null) return sent(answerMissing('payment_intent', id, 'intent', 404))
      const { intent, lastToken } = stored
      if (!cancellable.includes(intent.status)) {
        const allowed = cancellable.join(', ')
        const message =
          `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. ` +
          `Only a PaymentIntent with one of the following statuses may be canceled: ${allowed}.`
        return answerUnexpectedState(intent, message)
      }
      const canceledAt = seconds(context.now())
      const canceled: Stripe.PaymentIntent = {
        ...intent,
        status: 'canceled',
        canceled_at: canceledAt,
        cancellation_reason: reason,
        next_action: null,
      }
      updateIntent(tx, canceled, lastToken)
      const copies = lastToken === null ? 1 : (findBehaviour(lastToken)?.webhookCopies ?? 1)
      recordStripeEvent(tx, context, request, { type: 'payment_intent.canceled', object: canceled, copies })
      return sent(expanded(tx, { status: 200, body: canceled }, expansions))
    },
  }
}

/** GET /v1/payment_intents/:id */
export function retrieveIntent(read: Tx, id: string, params: Form): Answer {
  refuseUnknown(params, ['expand', 'client_secret'])
  const stored = findIntent(read, id)
  if (stored === null) return answerMissing('payment_intent', id, 'intent', 404)
  return expanded(read, { status: 200, body: stored.intent }, readTexts(params, 'expand'))
}

function refuseConfirmation(intent: Stripe.PaymentIntent): Result | null {
  if (intent.status === 'succeeded')
    return answerUnexpectedState(
      intent,
      'You cannot confirm this PaymentIntent because it has already succeeded ' +
        'after being previously confirmed.',
    )
  if (intent.status !== 'canceled') return null
  return answerUnexpectedState(
    intent,
    'You cannot confirm this PaymentIntent because it has a status of canceled.',
  )
}

/** Errors have nothing to expand. */
function expanded<T extends Answer>(tx: Tx, answer: T, paths: string[]): T {
  return answer.status === 200 ? { ...answer, body: expand(tx, answer.body, paths) } : answer
}
