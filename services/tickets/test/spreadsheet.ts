import type { EventId } from '@boxoffice/contracts'
import { parse } from 'csv-parse/sync'
import type { TestService } from './start-service.ts'

/** Returns the lines of an event's spreadsheet, by column name. */
export async function spreadsheetOf(
  setting: Pick<TestService, 'app'>,
  eventId: EventId,
  { headers }: { headers: Record<string, string> },
) {
  const url = `/api/tickets/attendees?eventId=${eventId}&format=csv`
  const { rawPayload } = await setting.app.inject({ url, headers })
  return parse(rawPayload, { bom: true, columns: true }) as Record<string, string>[]
}
