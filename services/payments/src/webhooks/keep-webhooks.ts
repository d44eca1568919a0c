import { setTimeout as sleep } from 'node:timers/promises'
import { createGroups, currentTraceparent, type Sql } from '@boxoffice/service-kit'
import type Stripe from 'stripe'
import { gatewayEventsOf } from './gateway-event.ts'
import { KNOWN_ALREADY } from './handle-gateway-event.ts'
import { insertWebhookEvents, type NewWebhookEvent } from './webhook-repository.ts'

/** The answer to a charge usually arrives in this time; once it is booked, the webhook event is redundant. */
const CHARGE_DELAY_MS = 250
const GROUP_MAX = 200
/** Longest queue of events to save; beyond it the gateway is answered 503 and retries. */
const WAITING_MAX = 5_000

/**
 * Saves webhook events, each once, those that arrive together in one statement; returns whether an event is
 * finished. Charges are saved a moment later and together: if the process dies meanwhile, they were not
 * acknowledged, and the gateway retries.
 */
export function createWebhookKeeper(db: Sql): (event: Stripe.Event, rawBody: string) => Promise<boolean> {
  const keepOne = createGroups<NewWebhookEvent, boolean>({
    keyOf: ({ event }) => event.id,
    perKeyMax: 1,
    mixesKeys: true,
    groupMax: GROUP_MAX,
    groupsAtOnceMax: 1,
    waitingMax: WAITING_MAX,
    async run(events) {
      const done = await insertWebhookEvents(db, events, KNOWN_ALREADY)
      return events.map(({ event }) => done.has(event.id))
    },
  })
  let delay: Promise<void> | null = null
  /** Waits for the end of the current delay, so that the charges that arrive during it are saved together. */
  const delayCharge = () => {
    delay ??= sleep(CHARGE_DELAY_MS).then(() => {
      delay = null
    })
    return delay
  }
  return async (event, rawBody) => {
    const [only, ...others] = gatewayEventsOf(event)
    const transactionId = only?.kind === 'charged' && others.length === 0 ? only.transactionId : null
    if (transactionId !== null) await delayCharge()
    return keepOne({ event, rawBody, traceparent: currentTraceparent(), transactionId })
  }
}
