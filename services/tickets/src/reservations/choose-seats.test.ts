import type { EventId, SeatId, TicketTypeId } from '@boxoffice/contracts'
import { expect, test } from 'vitest'
import { buildPlan } from '../plans/plan.ts'
import { chooseSeats } from './choose-seats.ts'
import type { Offer } from './offer.ts'

const typeId = 'type' as TicketTypeId
const offer = { types: [{ ticketTypeId: typeId, kind: 'SEATED', zoneIds: [1] }] } as unknown as Offer

/** All distinct choices that a hundred buyers make in one row (`a`: accessible). */
function choices(row: string, bestCount: number, candidatesMax: number): string[] {
  const plan = buildPlan(
    'event' as EventId,
    1,
    [...row].map((char, index) => {
      return {
        seatId: `1-A-${index + 1}` as SeatId,
        index,
        zoneId: 1,
        rowLabel: 'A',
        accessible: char === 'a',
      }
    }),
  )
  const known = { statuses: row.replaceAll('a', '.'), excluded: new Set<SeatId>() }
  const requested = [{ ticketTypeId: typeId, quantity: bestCount, seatIds: [], bestCount }]
  const made = Array.from({ length: 100 }, () => {
    const lines = chooseSeats(requested, offer, plan, known, candidatesMax)
    return lines?.[0]?.seatIds?.map((seatId) => seatId.slice(4)).join('+') ?? 'none'
  })
  return [...new Set(made)].sort()
}

test('the best seats are always the same, and one of so many at random after a conflict', () => {
  expect(choices('..h..h..', 2, 1)).toEqual(['4+5'])
  expect(choices('..h..h..', 2, 6)).toEqual(['1+2', '4+5', '7+8'])
  expect(choices('..h..h..', 2, 2)).toHaveLength(2)
})

test('a random choice is never of separate or accessible seats while there are others', () => {
  expect(choices('..h.h.haa', 2, 6)).toEqual(['1+2'])
  expect(choices('haahaah', 2, 6)).toEqual(['2+3', '5+6'])
  expect(choices('hh.hh', 2, 6)).toEqual(['none'])
})
