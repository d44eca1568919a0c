import type {
  EventId,
  OrderId,
  Ticket,
  TicketId,
  TicketRequest,
  TransferId,
  UserId,
} from '@boxoffice/contracts'
import { PNG } from 'pngjs'
import { readQr } from './read-qr.ts'
import { newId } from './requests.ts'
import type { TestService } from './start-service.ts'

/**
 * Creates an account that the auth service knows; with a confirmed address unless `emailVerified` is false.
 */
export async function account(setting: TestService, emailVerified = true) {
  const userId = newId<UserId>()
  const email = `${userId}@example.test`
  setting.accounts.set(email, { userId, emailVerified })
  return { ...(await setting.user(['USER'], userId, emailVerified)), email }
}
export type Account = Awaited<ReturnType<typeof account>>

/** A buyer of these tickets of an event. */
export async function buyer(setting: TestService, eventId: EventId, ticketRequests: TicketRequest[]) {
  const person = await account(setting)
  const held = await person.client.createReservation({ body: { eventId, ticketRequests } })
  if (held.status !== 201) throw new Error('not reserved')
  const { reservationId } = held.body
  const order = { reservationId, orderId: newId<OrderId>(), userId: person.userId }
  await setting.issue(order, 'Łucja Ćwik')
  const { tickets } = (await setting.internal.getOrderTickets({ params: { orderId: order.orderId } })).body
  const [ticket] = tickets as [Ticket]
  return { ...person, orderId: order.orderId, tickets, ticket, ticketId: ticket.ticketId }
}

/** Reads the code from the image of the user's own ticket. */
export async function codeOf({ client }: Pick<Account, 'client'>, ticketId: TicketId): Promise<string> {
  const image = await client.getTicketQr({ params: { ticketId } })
  if (image.status !== 200) throw new Error(`no image: ${image.status}`)
  const { data, width } = PNG.sync.read(Buffer.from(image.body))
  return readQr(data, width) ?? ''
}

/** All tickets of the user. */
export async function ticketsOf({ client }: Pick<Account, 'client'>): Promise<Ticket[]> {
  const answer = await client.listMyTickets({ query: { limit: 100 } })
  if (answer.status !== 200) throw new Error('no list')
  return answer.body.tickets
}

/** Transfers a ticket; calls with the same key are one request. */
export const passOn = (
  { client }: Account,
  ticketId: TicketId,
  email: string,
  { holderName = 'Bob Nowak', key }: { holderName?: string; key?: string } = {},
) =>
  client.transferTicket({
    params: { ticketId },
    body: { email, holderName },
    ...(key && { headers: { 'idempotency-key': key } }),
  })
export function transferIdOf(answer: Awaited<ReturnType<typeof passOn>>): TransferId {
  if (answer.status !== 200) throw new Error(`not transferred: ${JSON.stringify(answer)}`)
  return answer.body.transferId
}
export const transfersOf = async ({ client }: Account) =>
  (await client.listTransfers({ query: {} })).body.transfers

/** The secret that is mailed to the address of a transfer. */
export async function secretOf(setting: TestService, transferId: TransferId): Promise<string> {
  const answer = await setting.mailing.getTransferInfo({ params: { transferId } })
  if (answer.status !== 200 || !answer.body.claimToken)
    throw new Error(`no secret: ${JSON.stringify(answer)}`)
  return answer.body.claimToken
}
export const claim = ({ client }: Pick<Account, 'client'>, token: string) =>
  client.claimTransfer({ body: { token } })

/** An address without an account. */
export const newAddress = () => `${newId<string>()}@example.test`

/** Shows a code at the door of an event; calls with the same key are one request. */
export const show = (
  { client }: Pick<Account, 'client'>,
  eventId: EventId,
  code: string,
  { gate, key }: { gate?: string; key?: string } = {},
) =>
  client.checkIn({
    body: { eventId, code, ...(gate && { gate }) },
    ...(key && { headers: { 'idempotency-key': key } }),
  })

/** The organizer of an offered event. */
export const organizerOf = (setting: TestService, { organizer }: { organizer: { userId: UserId } }) =>
  setting.user(['ORGANIZER'], organizer.userId)
