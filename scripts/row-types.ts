import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type Field, getSchema, type Model } from '@mrleebo/prisma-ast'

/**
 * Services whose programs speak SQL: their rows have types of their own, made from the schema that their
 * migrations keep to.
 */
export const servicesWithRows = ['tickets', 'payments', 'analytics'] as const
type Service = (typeof servicesWithRows)[number]

const root = path.join(import.meta.dirname, '..')
export const rowTypesFile = (service: Service) => path.join(root, 'services', service, 'src/rows.ts')

/** Ids of contracts; a field is of the longest whose name it ends with (`newTicketId` is a TicketId). */
const ids = [
  ...[
    'UserId',
    'EventId',
    'VenueId',
    'TicketTypeId',
    'ReservationId',
    'TicketId',
    'TransferId',
    'OrderId',
    'RefundId',
  ],
  ...['ContactChangeId', 'NotificationId', 'MessageId', 'SeatId'],
].toSorted((a, b) => b.length - a.length)
/** Users by what they do. */
const users = new Set(['organizerId', 'senderId', 'recipientId', 'buyerId', 'checkedInBy'])
const scalars: Readonly<Record<string, string>> = {
  String: 'string',
  Int: 'number',
  BigInt: 'number', // far below 2^53: the pool reads them so
  Float: 'number',
  Boolean: 'boolean',
  DateTime: 'Date',
  Json: 'unknown',
  Bytes: 'Buffer',
}

/** The same with the columns by their fields, for programs that make statements of them. */
const withColumns: readonly Service[] = ['analytics']

/** The file of a service's row types: for each table an interface with the names of the schema's fields. */
export function rowTypesText(service: Service): string {
  const schema = getSchema(readFileSync(path.join(root, 'services', service, 'prisma/schema.prisma'), 'utf8'))
  const models = schema.list.filter((block): block is Model => block.type === 'model')
  const names = new Set(models.map(({ name }) => name))
  const rows = models.map((model) => interfaceOf(model, names))
  const columns = withColumns.includes(service) ? models.map((model) => columnsOf(model, names)) : []
  const used = new Set(rows.flatMap(({ types }) => types))
  const imported = [...ids, 'Currency', 'Minor'].filter((name) => used.has(name)).toSorted()
  return [
    '// Made by `npm run row-types` of prisma/schema.prisma: not to be written by hand.',
    'import type {',
    ...imported.map((name) => `  ${name},`),
    "} from '@boxoffice/contracts'",
    '',
    ...rows.map(({ text }, index) => [text, ...columns.slice(index, index + 1)].join('\n')),
  ].join('\n')
}

function interfaceOf(model: Model, models: ReadonlySet<string>): { text: string; types: string[] } {
  const typed = fieldsOf(model, models).map((field) => ({ field, type: typeOf(field) }))
  const lines = typed.map(({ field, type }) => {
    const many = field.array ? `readonly ${type}[]` : type
    return `  readonly ${field.name}: ${many}${field.optional ? ' | null' : ''}`
  })
  const table = mapOf(model.properties.find(isMap)) ?? model.name
  const text = `/** A row of \`${table}\`. */\nexport interface ${model.name}Row {\n${lines.join('\n')}\n}\n`
  return { text, types: typed.map(({ type }) => type) }
}

function columnsOf(model: Model, models: ReadonlySet<string>): string {
  const lines = fieldsOf(model, models).map(
    (field) => `  ${field.name}: '${mapOf(field.attributes?.find(isMap)) ?? field.name}',`,
  )
  return `export const ${model.name[0]?.toLowerCase()}${model.name.slice(1)}Columns = {\n${lines.join('\n')}\n}\n`
}

/** The columns of a table: without what Prisma would join. */
const fieldsOf = ({ properties }: Model, models: ReadonlySet<string>): Field[] =>
  properties.filter(
    (property): property is Field => property.type === 'field' && !models.has(String(property.fieldType)),
  )

const isMap = (property: { type: string; name?: unknown }) =>
  property.type === 'attribute' && property.name === 'map'

/** What `@map` or `@@map` says. */
function mapOf(attribute: unknown): string | undefined {
  const value = (attribute as { args?: { value: unknown }[] } | undefined)?.args?.[0]?.value
  return typeof value === 'string' ? value.replaceAll('"', '') : undefined
}

function typeOf({ name, fieldType }: Field): string {
  const type = String(fieldType)
  const scalar = scalars[type]
  if (scalar === undefined) throw new Error(`a field ${name} of type ${type}: no row type is known for it`)
  if (type === 'BigInt' && name.endsWith('Minor')) return 'Minor'
  if (type !== 'String') return scalar
  if (name === 'currency') return 'Currency'
  if (users.has(name)) return 'UserId'
  const singular = name.replace(/Ids$/, 'Id')
  return ids.find((id) => singular.toLowerCase().endsWith(id.toLowerCase())) ?? scalar
}
