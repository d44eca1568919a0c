import { InputError } from '../failure.ts'
import type { CommandDefinition } from './command.ts'

/** Returns the field names of `--fields`; throws an InputError with the possible ones if one is unknown. */
export function parseFields(text: string, { json }: CommandDefinition): string[] {
  const possible = json?.fields ?? []
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !possible.includes(name))
  if (unknown === undefined) return names
  throw new InputError(`there is no field ${unknown || '(empty)'}; the fields are ${possible.join(', ')}`)
}

/** Renders a document; `fields` are chosen of its rows, or of itself where it is no list. */
export function renderDocument(
  document: object,
  { json }: CommandDefinition,
  fields: readonly string[] | undefined,
): string {
  const rows = json?.rows
  const chosen = fields && (rows === undefined ? pick(document, fields) : withRows(document, rows, fields))
  return `${JSON.stringify(chosen ?? document, null, 2)}\n`
}

const withRows = (document: object, rows: string, fields: readonly string[]) => ({
  [rows]: ((document as Record<string, object[]>)[rows] ?? []).map((row) => pick(row, fields)),
})

const pick = (row: object, fields: readonly string[]) =>
  Object.fromEntries(fields.map((name) => [name, (row as Record<string, unknown>)[name] ?? null]))
