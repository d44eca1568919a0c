// Cells for spreadsheet programs, safe against formula injection.

/** Characters that begin a formula, full-width too: https://owasp.org/www-community/attacks/CSV_Injection. */
const FORMULA = String.raw`=+\-@\uff1d\uff0b\uff0d\uff20`
/**
 * The beginning of a cell, in any locale's view: after a comma, semicolon, bar, tab or line break, with
 * optional quotation marks.
 */
const BEGINNING = new RegExp(String.raw`(^|[,;|\t\r\n])([\s"']*)(?=[${FORMULA}])`, 'gu')

/** Returns untrusted text as a cell that no program runs: an apostrophe precedes what would be a formula. */
export const cellOf = (text: string): string => text.replace(BEGINNING, "$1$2'")

/**
 * Formats a time in a zone, with its offset from UTC (RFC 3339): `2026-12-04T19:30:00+01:00`. In UTC if the
 * zone is unknown.
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
