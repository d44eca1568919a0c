import { whenOf } from './formats.ts'
import { labelled, sideBySide } from './frame.ts'
import { oneLine, type ShownEvent } from './mail.ts'

/** Returns MJML for time and place, for the values of `eventValues`. */
export const whenAndWhere = (): string =>
  sideBySide(labelled('When', '{{day}}', '{{time}}'), labelled('Where', '{{venueName}}', '{{venueAddress}}'))

/** Returns the values of an event for a template. */
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

/** Returns time and place as lines of text. */
export function eventLines(event: ShownEvent, locale: string): string {
  const { eventName, day, time, venueName, venueAddress } = eventValues(event, locale)
  return [eventName, `${day}, ${time}`, `${venueName}, ${venueAddress}`].join('\n')
}
