import type { Failure } from './saga.ts'

// Why an order fails for a reason of our own; the others are what the ticket service and the gateway say.

export const eventCancelled: Failure = {
  reason: 'EVENT_CANCELLED',
  status: 409,
  code: 'EVENT_NOT_ON_SALE',
  message: 'the event was cancelled',
}
export const timedOut: Failure = {
  reason: 'PAYMENT_TIMEOUT',
  status: 402,
  code: 'PAYMENT_DECLINED',
  message: 'the payment was not answered for in time',
}
export const gatewayFailed: Failure = {
  reason: 'SYSTEM_ERROR',
  status: 402,
  code: 'PAYMENT_DECLINED',
  message: 'the gateway failed before it charged anything',
}
export const tokenMissing: Failure = {
  reason: 'PAYMENT_TOKEN_REQUIRED',
  status: 400,
  code: 'VALIDATION_FAILED',
  message: 'paymentToken is required: these tickets cost something',
}
export const priceChanged: Failure = {
  reason: 'PRICE_CHANGED',
  status: 409,
  code: 'PRICE_CHANGED',
  message: 'the total differs from the expected total',
}
