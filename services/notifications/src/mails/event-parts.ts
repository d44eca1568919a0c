import { whenOf } from './formats.ts'
import { labelled, sideBySide } from './frame.ts'
import { oneLine, type ShownEvent } from './mail.ts'

/** When and where, in MJML, for the values of `eventValues`. */
export const whenAndWhere = (): string =>
  sideBySide(labelled('When', '{{day}}', '{{time}}'), labelled('Where', '{{venueName}}', '{{venueAddress}}'))

/** The event's values of a template. */
export function eventValues(event: ShownEvent, locale: string) {
  const { day, time } = whenOf(event, locale)
  return {
    eventName: oneLine(event.name),
    day,
    time,
    venueName: oneLine(event.venueName),
    venueAddress: oneLine(event.venueAddress),
  }
}

/** When and where as lines of text. */
export function eventLines(event: ShownEvent, locale: string): string {
  const { eventName, day, time, venueName, venueAddress } = eventValues(event, locale)
  return [eventName, `${day}, ${time}`, `${venueName}, ${venueAddress}`].join('\n')
}
