import { type Event, type EventId, eventsRoutes, ticketsRoutes } from '@boxoffice/contracts'
import { createClient } from '@boxoffice/service-kit'
import { type Login, loadRemembered, saveRemembered, signIn, signInAsOrganizer } from './logins.ts'
import { type Show, type ShowName, showNames, shows } from './shows.ts'

/** What a user can try the system with. */
export interface Demo {
  organizer: Login
  buyer: Login
  events: Record<ShowName, Pick<Event, 'eventId' | 'name' | 'eventDate'>>
}

/**
 * Creates an organizer, a buyer, and three published events: a festival, a theatre with 1,350 seats in three
 * zones, and a club night. Uses the public API, and records them in `<folder>/demo.json`. A second run
 * creates only what is missing: an event again when the last one has passed.
 */
export async function seedDemo(options: {
  edgeUrl: string
  /** Where the sent mails are listed: by the local mailbox, or by LocalStack. */
  mailsUrl: string
  folder: string
  now: () => Date
}): Promise<Demo> {
  const { edgeUrl, mailsUrl, folder, now } = options
  const remembered = loadRemembered(folder)
  const organizer = await signInAsOrganizer({ edgeUrl, mailsUrl }, remembered.organizer)
  await signIn(edgeUrl, remembered.buyer, 'buyer')
  saveRemembered(folder, remembered) // before the events: an account with a lost password is useless

  const headers = () => ({ authorization: `Bearer ${organizer.accessToken}` })
  const api: Api = {
    events: createClient(eventsRoutes, { baseUrl: edgeUrl, headers }),
    tickets: createClient(ticketsRoutes, { baseUrl: edgeUrl, headers }),
  }
  const events = {} as Demo['events']
  for (const name of showNames) {
    events[name] = await ensureShow(api, shows[name], {
      today: now(),
      eventId: remembered.events[name],
      onMade(eventId) {
        remembered.events[name] = eventId
        saveRemembered(folder, remembered)
      },
    })
  }
  const { organizer: organizerLogin, buyer } = remembered
  return { organizer: organizerLogin, buyer, events }
}

interface Api {
  events: ReturnType<typeof createClient<typeof eventsRoutes>>
  tickets: ReturnType<typeof createClient<typeof ticketsRoutes>>
}

/**
 * Returns the event of a show, with its plan and types, on sale. Completes one that an earlier run left
 * unfinished.
 */
async function ensureShow(
  api: Api,
  show: Show,
  known: { today: Date; eventId: EventId | undefined; onMade(eventId: EventId): void },
): Promise<Event> {
  let event = known.eventId && (await findEvent(api, known.eventId))
  if (!event || event.eventDate <= known.today || !['DRAFT', 'PUBLISHED'].includes(event.status)) {
    const body = show.event(known.today)
    event = expect(201, await api.events.createEvent({ body }), `“${body.name}” could not be created`)
    known.onMade(event.eventId)
  }
  const { eventId, name } = event
  if (show.zones) await planSeats(api, eventId, show.zones)
  await offerTickets(api, eventId, show.types)
  if (event.status === 'DRAFT') {
    expect(200, await api.events.publishEvent({ params: { eventId } }), `“${name}” could not be published`)
  }
  return event
}

async function findEvent(api: Api, eventId: EventId): Promise<Event | null> {
  const found = await api.events.getEvent({ params: { eventId } })
  return found.status === 200 ? found.body : null
}

async function planSeats(api: Api, eventId: EventId, zones: NonNullable<Show['zones']>): Promise<void> {
  const known = await api.events.getSeatingPlan({ params: { eventId }, query: {} })
  if (known.status === 200) return
  expect(
    200,
    await api.events.putSeatingPlan({ params: { eventId }, body: { zones } }),
    'the seats could not be planned',
  )
}

async function offerTickets(api: Api, eventId: EventId, types: Show['types']): Promise<void> {
  const { body } = await api.tickets.listTicketTypes({ query: { eventId } })
  const offered = 'ticketTypes' in body ? body.ticketTypes.map((type) => type.name) : []
  for (const type of types.filter(({ name }) => !offered.includes(name))) {
    const body = { eventId, ...type }
    expect(201, await api.tickets.createTicketType({ body }), `“${type.name}” could not be offered`)
  }
}

function expect<A extends { status: number; body: unknown }, S extends A['status']>(
  status: S,
  answer: A,
  failure: string,
) {
  if (answer.status !== status) throw new Error(`${failure}: ${JSON.stringify(answer.body)}`)
  return answer.body as Extract<A, { status: S }>['body']
}
