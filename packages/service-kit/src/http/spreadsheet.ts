// What spreadsheets make of a file of cells, and what they must not make of it.

/** What begins a formula, full-width too: https://owasp.org/www-community/attacks/CSV_Injection. */
const FORMULA = String.raw`=+\-@\uff1d\uff0b\uff0d\uff20`
/**
 * The beginning of a cell, and what some program in some country takes for it: behind a comma, semicolon,
 * bar, tab or line break, and quotation marks that it takes off.
 */
const BEGINNING = new RegExp(String.raw`(^|[,;|\t\r\n])([\s"']*)(?=[${FORMULA}])`, 'gu')

/** Somebody's text as a cell that no program runs: an apostrophe stands before what would be a formula. */
export const cellOf = (text: string): string => text.replace(BEGINNING, "$1$2'")

/**
 * A time in a zone, with its offset from UTC (RFC 3339): `2026-12-04T19:30:00+01:00`. In UTC where nobody
 * knows the zone.
 */
export function timeAt(moment: Date, timeZone: string): string {
  const instant = Temporal.Instant.fromEpochMilliseconds(moment.getTime())
  return inZone(instant, timeZone).toString({ timeZoneName: 'never', smallestUnit: 'second' })
}

function inZone(instant: Temporal.Instant, timeZone: string): Temporal.ZonedDateTime {
  try {
    return instant.toZonedDateTimeISO(timeZone)
  } catch {
    return instant.toZonedDateTimeISO('UTC')
  }
}
