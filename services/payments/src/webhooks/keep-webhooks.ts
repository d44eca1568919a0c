import { setTimeout as sleep } from 'node:timers/promises'
import { createGroups, currentTraceparent, type Sql } from '@boxoffice/service-kit'
import type Stripe from 'stripe'
import { gatewayEventsOf } from './gateway-event.ts'
import { KNOWN_ALREADY } from './handle-gateway-event.ts'
import { insertWebhookEvents, type NewWebhookEvent } from './webhook-repository.ts'

/** A charge's own answer is on its way to us too: when it is booked, its webhook event says nothing new. */
const CHARGE_REST_MS = 250
const GROUP_MAX = 200
/** Events that wait to be kept; beyond it the gateway is answered 503, and comes again. */
const WAITING_MAX = 5_000

/**
 * Keeps webhook events, each once, in one statement those that come together; whether one is done with.
 * Charges are kept a moment later, all of that moment at once: what a process that dies meanwhile had, was
 * not acknowledged, and comes again.
 */
export function createWebhookKeeper(db: Sql): (event: Stripe.Event, rawBody: string) => Promise<boolean> {
  const keepOne = createGroups<NewWebhookEvent, boolean>({
    laneOf: ({ event }) => event.id,
    ofLaneMax: 1,
    mixesLanes: true,
    groupMax: GROUP_MAX,
    groupsAtOnceMax: 1,
    waitingMax: WAITING_MAX,
    async run(events) {
      const done = await insertWebhookEvents(db, events, KNOWN_ALREADY)
      return events.map(({ event }) => done.has(event.id))
    },
  })
  let rest: Promise<void> | null = null
  const restTogether = () => {
    rest ??= sleep(CHARGE_REST_MS).then(() => {
      rest = null
    })
    return rest
  }
  return async (event, rawBody) => {
    const [only, ...others] = gatewayEventsOf(event)
    const transactionId = only?.kind === 'charged' && others.length === 0 ? only.transactionId : null
    if (transactionId !== null) await restTogether()
    return keepOne({ event, rawBody, traceparent: currentTraceparent(), transactionId })
  }
}
