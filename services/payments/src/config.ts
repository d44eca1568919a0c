import { type MessagingConfig, messagingConfig, messagingEnvironment } from '@boxoffice/messaging'
import {
  type BaseConfig,
  baseConfig,
  baseEnvironment,
  everyFigure,
  PLANNED_ONCE,
  type PoliciesOf,
  readEnvironment,
  redisAlone,
  resilience,
  secret,
} from '@boxoffice/service-kit'
import { z } from 'zod'

/** The services that this one calls, with the row of the resilience table for each. */
export const callees = {
  ...redisAlone,
  events: everyFigure,
  tickets: everyFigure,
  // A name is requested once, within HOLDER_NAME_TIMEOUT_MS: a buyer is waiting, and there is a default name.
  auth: ['bulkhead', 'ratePerSecond'],
  // The saga retries, under the same key; GATEWAY_TIMEOUT_MS limits a call.
  gateway: ['bulkhead', 'ratePerSecond'],
} as const

export const Environment = z.object({
  PORT: z.coerce.number().int().default(8083).describe('port to listen on'),
  ...baseEnvironment,
  DATABASE_POOL_SIZE: z.coerce
    .number()
    .int()
    .min(2)
    .max(100)
    .default(20)
    .describe('maximum number of connections'),
  ...messagingEnvironment,
  RESILIENCE: resilience(callees),
  TICKETS_URL: z
    .url()
    .default('http://ticket-service.eventbooking.local:8082')
    .describe('address of the ticket service'),
  EVENTS_URL: z
    .url()
    .default('http://event-service.eventbooking.local:8081')
    .describe('address of the event service'),
  STRIPE_SECRET_KEY: secret(z.string().min(1).describe("the gateway's secret key")),
  STRIPE_WEBHOOK_SECRET: secret(z.string().min(1).describe("secret that signs the gateway's webhook calls")),
  STRIPE_API_URL: z
    .url()
    .optional()
    .describe("address of the gateway, if it is not Stripe's own: the sandbox"),
  GATEWAY_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .default(10_000)
    .describe('how long a call to the gateway may take, in ms'),
  CHECKOUT_WAIT_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(10_000)
    .describe('how long a buyer waits for the outcome before the answer is 202, in ms'),
  ORDER_QUEUE: z
    .enum(['on', 'off'])
    .default('on')
    .describe('off: ignore Prefer: respond-async, while instances run that do not know queued orders'),
  ORDER_WORKERS: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(10)
    .describe('orders from the queue that each instance processes at once'),
  ORDER_QUEUE_PATIENCE_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .default(300)
    .describe('how long an order waits for its command from the queue before it is started without it'),
  DEFAULT_PAYMENT_TOKEN: z
    .string()
    .regex(/^[A-Za-z0-9_]{1,200}$/)
    .optional()
    .describe(
      'payment token for a seat bought through /api/v1/tickets without one; if unset, a token is required',
    ),
  PAYMENT_UNKNOWN_LIMIT_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .default(1_800)
    .describe('how long the outcome of a charge may be unknown'),
  EVENT_REFUNDS_PER_SECOND: z.coerce
    .number()
    .positive()
    .default(20)
    .describe('orders of cancelled events that each instance refunds per second; sales share the gateway'),
  SAGA_RETRY_MAX_MS: z.coerce
    .number()
    .int()
    .min(250)
    .default(30_000)
    .describe(
      'longest wait before a failed step is retried, in ms; the first wait is 0.5 s. ' +
        'Each wait then varies at random by ±25 %, so it is at most 1.25 times this value',
    ),
  TICKETS_PATIENCE_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .default(60)
    .describe('how long a paid order waits for its tickets before the payment service asks for them'),
  ISSUE_LIMIT_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .default(900)
    .describe('how long the ticket service may answer a paid order with errors before the order is refunded'),
  HOLDER_NAME_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(1)
    .default(1_000)
    .describe("how long the lookup of a buyer's name for a seat's ticket may take, in ms"),
  WEBHOOK_POLL_MS: z.coerce
    .number()
    .int()
    .min(50)
    .default(5_000)
    .describe('how often webhook events that are due for a retry are polled, in ms'),
  SAGA_POLL_MS: z.coerce
    .number()
    .int()
    .min(50)
    .default(1_000)
    .describe('how often due sagas are polled, in ms'),
})

export interface Config extends BaseConfig {
  policies: PoliciesOf<typeof callees>
  messaging: MessagingConfig
  ticketsUrl: string
  eventsUrl: string
  stripe: { secretKey: string; webhookSecret: string; baseUrl?: string; timeoutMs: number }
  checkoutWaitMs: number
  /** Whether orders are accepted for later. Accepted ones are processed in any case. */
  orderQueue: boolean
  orderWorkers: number
  orderQueuePatienceMs: number
  defaultPaymentToken: string | undefined
  paymentUnknownLimitMs: number
  eventRefundsPerSecond: number
  sagaPollMs: number
  sagaRetryMaxMs: number
  ticketsPatienceMs: number
  issueLimitMs: number
  holderNameTimeoutMs: number
  webhookPollMs: number
}

const TOO_LONG = 'must be less than PAYMENT_UNKNOWN_LIMIT_SECONDS: later, a queued order could only fail'

/** An order fails unless its places are held in time, so one that lost its command must begin before that. */
const AwaitedEnvironment = Environment.refine(
  ({ ORDER_QUEUE_PATIENCE_SECONDS: patience, PAYMENT_UNKNOWN_LIMIT_SECONDS: limit }) => patience < limit,
  { path: ['ORDER_QUEUE_PATIENCE_SECONDS'], message: TOO_LONG },
)

/** Reads the environment. Throws one error that names every missing or invalid variable. */
export function loadConfig(environment: Record<string, string | undefined>): Config {
  const read = readEnvironment(AwaitedEnvironment, environment)
  return {
    ...baseConfig('payment-service', read),
    databaseSettings: PLANNED_ONCE,
    messaging: messagingConfig(read),
    ticketsUrl: read.TICKETS_URL,
    eventsUrl: read.EVENTS_URL,
    stripe: {
      secretKey: read.STRIPE_SECRET_KEY,
      webhookSecret: read.STRIPE_WEBHOOK_SECRET,
      baseUrl: read.STRIPE_API_URL,
      timeoutMs: read.GATEWAY_TIMEOUT_MS,
    },
    checkoutWaitMs: read.CHECKOUT_WAIT_MS,
    orderQueue: read.ORDER_QUEUE === 'on',
    orderWorkers: read.ORDER_WORKERS,
    orderQueuePatienceMs: read.ORDER_QUEUE_PATIENCE_SECONDS * 1_000,
    defaultPaymentToken: read.DEFAULT_PAYMENT_TOKEN,
    paymentUnknownLimitMs: read.PAYMENT_UNKNOWN_LIMIT_SECONDS * 1_000,
    eventRefundsPerSecond: read.EVENT_REFUNDS_PER_SECOND,
    sagaPollMs: read.SAGA_POLL_MS,
    sagaRetryMaxMs: read.SAGA_RETRY_MAX_MS,
    ticketsPatienceMs: read.TICKETS_PATIENCE_SECONDS * 1_000,
    issueLimitMs: read.ISSUE_LIMIT_SECONDS * 1_000,
    holderNameTimeoutMs: read.HOLDER_NAME_TIMEOUT_MS,
    webhookPollMs: read.WEBHOOK_POLL_MS,
  }
}
