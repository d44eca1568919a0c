import type { QuietHours } from '@boxoffice/contracts'

/**
 * Quiet hours as stored: minutes of the day. Start and end differ; an end before the start is on the next
 * day.
 */
export interface StoredQuietHours {
  startMinute: number
  endMinute: number
  timeZone: string
}

const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
const timeOf = (minute: number): string =>
  [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':')

export const storedOf = ({ start, end, timeZone }: QuietHours): StoredQuietHours => ({
  startMinute: minuteOf(start),
  endMinute: minuteOf(end),
  timeZone,
})
export const shownOf = ({ startMinute, endMinute, timeZone }: StoredQuietHours): QuietHours => ({
  start: timeOf(startMinute),
  end: timeOf(endMinute),
  timeZone,
})

/**
 * Returns when the current quiet hours end, null outside of them. They follow the user's wall clock: on the
 * night of a clock change they are an hour longer or shorter.
 */
export function quietUntil(now: Date, { startMinute, endMinute, timeZone }: StoredQuietHours): Date | null {
  const local = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(timeZone)
  const minute = local.hour * 60 + local.minute
  const isOverMidnight = endMinute < startMinute
  const isQuiet = isOverMidnight
    ? minute >= startMinute || minute < endMinute
    : minute >= startMinute && minute < endMinute
  if (!isQuiet) return null
  const lastDay =
    isOverMidnight && minute >= startMinute ? local.toPlainDate().add({ days: 1 }) : local.toPlainDate()
  const end = lastDay.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from(timeOf(endMinute)) })
  return new Date(end.epochMilliseconds)
}
