import { Money, type NewEvent, type NewTicketType, type Zones } from '@boxoffice/contracts'
import { z } from 'zod'

/** An event of the seed: its description, seating plan and prices. */
export interface Show {
  event(today: Date): NewEvent
  zones?: Zones
  types: readonly Omit<NewTicketType, 'eventId'>[]
}

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** Returns the weekday (0 is Sunday) at least `weeks` weeks from today, at an hour UTC. */
function comingDay(
  today: Date,
  { weekday, weeks, hour }: { weekday: number; weeks: number; hour: number },
): Date {
  const day = new Date(today.getTime() + weeks * 7 * DAY_MS)
  day.setUTCDate(day.getUTCDate() + ((weekday - day.getUTCDay() + 7) % 7))
  day.setUTCHours(hour, 0, 0, 0)
  return day
}
const later = (date: Date, hours: number) => new Date(date.getTime() + hours * HOUR_MS)
const price = (major: number) => z.decode(Money, major)

const festival: Show = {
  event(today) {
    const eventDate = comingDay(today, { weekday: 6, weeks: 6, hour: 10 })
    return {
      name: 'Riverside Festival',
      description:
        'One day of music on the meadow by the river: two stages, food from the market, ' +
        'and a bonfire at the end.',
      eventDate,
      endDate: later(eventDate, 11),
      timeZone: 'Europe/Warsaw',
      venueName: 'Riverside Meadow',
      venueAddress: 'Bulwar Czerwieński 1, 31-069 Kraków, Poland',
      category: 'MUSIC',
      refundableUntil: later(eventDate, -7 * 24),
    }
  },
  types: [
    { name: 'Day ticket', unitPrice: price(50), currency: 'USD', quantity: 5_000 },
    { name: 'Riverbank terrace', unitPrice: price(120), currency: 'USD', quantity: 200 },
  ],
}

/** 1,350 seats: slightly curved rows of thirty, those at the ends of the first row for wheelchairs. */
const theatreZones: Zones = [
  { zoneId: 1, name: 'Stalls', rows: rowsOf({ count: 20, firstY: 0 }) },
  { zoneId: 2, name: 'Circle', rows: rowsOf({ count: 15, firstY: 24 }) },
  { zoneId: 3, name: 'Balcony', rows: rowsOf({ count: 10, firstY: 43 }) },
]

function rowsOf({ count, firstY }: { count: number; firstY: number }) {
  return Array.from({ length: count }, (_, row) => ({
    rowLabel: String.fromCharCode(65 + row),
    seats: Array.from({ length: 30 }, (_, column) => {
      const x = column - 14.5
      const seat = { colLabel: String(column + 1), x, y: firstY + row + Math.round((x * x) / 10) / 10 }
      return row === 0 && Math.abs(x) > 13 ? { ...seat, accessible: true } : seat
    }),
  }))
}

const theatre: Show = {
  event(today) {
    const eventDate = comingDay(today, { weekday: 5, weeks: 8, hour: 18 })
    return {
      name: 'The Lighthouse Keeper',
      description:
        'A play in two acts about a light that nobody needs any more, and the man who keeps it burning. ' +
        'With an interval.',
      eventDate,
      endDate: later(eventDate, 3),
      timeZone: 'Europe/Warsaw',
      venueName: 'Grand Theatre',
      venueAddress: 'plac Świętego Ducha 1, 31-023 Kraków, Poland',
      category: 'THEATRE',
      refundableUntil: later(eventDate, -48),
    }
  },
  zones: theatreZones,
  types: [
    { name: 'Stalls', unitPrice: price(75), currency: 'EUR', zoneIds: [1] },
    { name: 'Circle', unitPrice: price(55), currency: 'EUR', zoneIds: [2] },
    { name: 'Balcony', unitPrice: price(30), currency: 'EUR', zoneIds: [3] },
  ],
}

const club: Show = {
  event(today) {
    const eventDate = comingDay(today, { weekday: 6, weeks: 3, hour: 22 })
    return {
      name: 'Basement Frequencies',
      description: 'Techno until the first tram: four residents, one room, no photographs.',
      eventDate,
      endDate: later(eventDate, 6),
      timeZone: 'Europe/Warsaw',
      venueName: 'Klub Piwnica',
      venueAddress: 'ulica Szeroka 7, 31-053 Kraków, Poland',
      category: 'NIGHTLIFE',
    }
  },
  types: [
    {
      name: 'Early bird',
      unitPrice: price(15),
      currency: 'EUR',
      quantity: 100,
      maxPerOrder: 4,
      maxPerUser: 4,
    },
    { name: 'Standard', unitPrice: price(22), currency: 'EUR', quantity: 400, maxPerOrder: 4, maxPerUser: 4 },
  ],
}

export const shows = { festival, theatre, club } as const
export type ShowName = keyof typeof shows
export const showNames = Object.keys(shows) as ShowName[]
