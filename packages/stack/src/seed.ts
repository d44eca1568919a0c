import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { authRoutes, EventId, eventsRoutes, Money, type Session, ticketsRoutes } from '@boxoffice/contracts'
import { createClient } from '@boxoffice/service-kit'
import { z } from 'zod'

const Login = z.object({ email: z.string(), password: z.string() })
const Remembered = z.object({ organizer: Login, buyer: Login, eventId: EventId.nullable() })
type Remembered = z.output<typeof Remembered>
export type Login = z.output<typeof Login>

/** What there is to try the system with. */
export interface Demo {
  organizer: Login
  buyer: Login
  event: { eventId: EventId; name: string; eventDate: Date }
}

const people = {
  organizer: { firstName: 'Olga', lastName: 'Organizer' },
  buyer: { firstName: 'Ben', lastName: 'Buyer' },
} as const
const DAY_MS = 86_400_000

/**
 * An organizer, a buyer and a published festival with two kinds of tickets, made through the public API as anybody would, and
 * remembered in `<folder>/demo.json`. Run again it makes only what is missing: a new festival when the last one has passed.
 */
export async function seedDemo(options: { edgeUrl: string; folder: string; now: () => Date }): Promise<Demo> {
  const { edgeUrl, folder, now } = options
  const remembered = load(folder)
  const organizer = await signIn(edgeUrl, remembered.organizer, 'organizer')
  await signIn(edgeUrl, remembered.buyer, 'buyer')
  save(folder, remembered) // before the festival: an account with a lost password is of no use

  const headers = () => ({ authorization: `Bearer ${organizer.accessToken}` })
  const events = createClient(eventsRoutes, { baseUrl: edgeUrl, headers })
  const tickets = createClient(ticketsRoutes, { baseUrl: edgeUrl, headers })
  let event = remembered.eventId && (await findEvent(events, remembered.eventId))
  if (!event || event.eventDate <= now() || !['DRAFT', 'PUBLISHED'].includes(event.status)) {
    event = await createFestival(events, now())
    save(folder, { ...remembered, eventId: event.eventId })
  }
  await offerTickets(tickets, event.eventId)
  if (event.status === 'DRAFT') {
    const published = await events.publishEvent({ params: { eventId: event.eventId } })
    if (published.status !== 200) throw new Error(`the festival could not be published: ${JSON.stringify(published.body)}`)
  }
  return { organizer: remembered.organizer, buyer: remembered.buyer, event }
}

type Events = ReturnType<typeof createClient<typeof eventsRoutes>>
type Tickets = ReturnType<typeof createClient<typeof ticketsRoutes>>

async function findEvent(events: Events, eventId: EventId) {
  const found = await events.getEvent({ params: { eventId } })
  return found.status === 200 ? found.body : null
}

/** On the Saturday six to seven weeks away, from noon to eleven at night there. */
async function createFestival(events: Events, today: Date) {
  const eventDate = new Date(today.getTime() + 42 * DAY_MS)
  eventDate.setUTCDate(eventDate.getUTCDate() + ((6 - eventDate.getUTCDay() + 7) % 7))
  eventDate.setUTCHours(10, 0, 0, 0)
  const created = await events.createEvent({
    body: {
      name: 'Riverside Festival',
      description: 'One day of music on the meadow by the river: two stages, food from the market, and a bonfire at the end.',
      eventDate,
      endDate: new Date(eventDate.getTime() + 11 * 3_600_000),
      timeZone: 'Europe/Warsaw',
      venueName: 'Riverside Meadow',
      venueAddress: 'Bulwar Czerwieński 1, 31-069 Kraków, Poland',
      category: 'MUSIC',
      refundableUntil: new Date(eventDate.getTime() - 7 * DAY_MS),
    },
  })
  if (created.status !== 201) throw new Error(`the festival could not be made: ${JSON.stringify(created.body)}`)
  return created.body
}

async function offerTickets(tickets: Tickets, eventId: EventId): Promise<void> {
  const { body } = await tickets.listTicketTypes({ query: { eventId } })
  const offered = 'ticketTypes' in body ? body.ticketTypes.map((type) => type.name) : []
  const kinds = [
    { name: 'Day ticket', unitPrice: z.decode(Money, 50), quantity: 5_000 },
    { name: 'Riverbank terrace', unitPrice: z.decode(Money, 120), quantity: 200 },
  ]
  for (const kind of kinds.filter(({ name }) => !offered.includes(name))) {
    const created = await tickets.createTicketType({ body: { eventId, currency: 'USD', ...kind } })
    if (created.status !== 201) throw new Error(`“${kind.name}” could not be offered: ${JSON.stringify(created.body)}`)
  }
}

/** Signed in, with an account made on the way where there is none. An address whose password was lost is replaced by another. */
async function signIn(edgeUrl: string, login: Login, role: keyof typeof people): Promise<Session> {
  const auth = createClient(authRoutes, { baseUrl: edgeUrl })
  const known = await auth.login({ body: login })
  if (known.status === 200) return known.body
  const registered = await auth.register({ body: { ...login, ...people[role] } })
  if (registered.status === 409) {
    login.email = emailOf(role, `-${randomBytes(2).toString('hex')}`)
    return signIn(edgeUrl, login, role)
  }
  if (registered.status !== 201) throw new Error(`no account for ${login.email}: ${registered.body.message}`)
  if (role === 'buyer') return registered.body
  const headers = () => ({ authorization: `Bearer ${registered.body.accessToken}` })
  await createClient(authRoutes, { baseUrl: edgeUrl, headers }).becomeOrganizer({})
  return signIn(edgeUrl, login, role) // for a token that has the role
}

const emailOf = (role: string, suffix = '') => `${role}${suffix}@boxoffice.example`
const createLogin = (role: string): Login => ({ email: emailOf(role), password: randomBytes(9).toString('base64url') })
const fileOf = (folder: string) => path.join(folder, 'demo.json')

function load(folder: string): Remembered {
  if (!existsSync(fileOf(folder))) return { organizer: createLogin('organizer'), buyer: createLogin('buyer'), eventId: null }
  return Remembered.parse(JSON.parse(readFileSync(fileOf(folder), 'utf8')))
}

function save(folder: string, remembered: Remembered): void {
  const file = fileOf(folder)
  writeFileSync(`${file}.new`, `${JSON.stringify(remembered, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
