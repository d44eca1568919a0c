import { type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import type { Config } from '../config.ts'
import { Failure } from '../failure.ts'
import type { Result } from '../framework/command.ts'
import { counted } from '../framework/words.ts'
import { operatorRoutes } from '../operator-routes.ts'
import { type Column, printable, renderTable } from '../output/table.ts'
import { withService } from '../services.ts'
import type { Terminal } from '../terminal.ts'

/** Ids lead to ids: from a message to its order, from there to its tickets and their mails. */
const ROUNDS = 3
const IDS_MAX = 100

type Kind = 'orderIds' | 'ticketIds' | 'messageIds' | 'correlationIds'

/** Shows what every service recorded of an id and of the ids it leads to. */
export async function traceId(
  config: Config,
  id: string,
  { colours }: Pick<Terminal, 'colours'>,
): Promise<Result> {
  const known = new Map<Kind, Set<string>>()
  const entries = new Map<string, Entry>()
  const unavailable = new Map<ServiceKey, string>()
  let asked = new Set<string>()
  let [next, truncated] = [[id], false]
  for (let round = 0; round < ROUNDS && next.length > 0; round++) {
    asked = new Set([...asked, ...next])
    const found = await Promise.all(serviceKeys.map((service) => ask(config, service, next, unavailable)))
    for (const { service, answer } of found) {
      truncated ||= answer.truncated
      for (const entry of answer.entries) {
        const { at, kind, what, messageId } = entry
        entries.set([service, at.getTime(), kind, what, messageId].join(' '), { service, ...entry })
      }
      for (const [kind, ids] of Object.entries(answer.related) as [Kind, string[]][])
        known.set(kind, new Set([...(known.get(kind) ?? []), ...ids]))
    }
    const leads = [
      ...(known.get('orderIds') ?? []),
      ...(known.get('correlationIds') ?? []),
      ...(known.get('messageIds') ?? []),
    ]
    next = [...new Set(leads)].filter((each) => !asked.has(each)).slice(0, IDS_MAX)
  }
  if (entries.size === 0 && unavailable.size === 0) throw new Failure('NOT_FOUND', `no service knows ${id}`)
  const sorted = [...entries.values()].sort((a, b) => a.at.getTime() - b.at.getTime())
  return resultOf({ id, entries: sorted, known, unavailable, truncated, colours })
}

type Answer = Awaited<ReturnType<typeof ask>>
type Entry = Answer['answer']['entries'][number] & { service: ServiceKey }

/** An unavailable service does not hide what the others know. */
async function ask(
  config: Config,
  service: ServiceKey,
  ids: readonly string[],
  unavailable: Map<ServiceKey, string>,
) {
  try {
    return await withService(config, service, operatorRoutes[service], async (client) => {
      const { body } = await client.trace({ body: { ids: [...ids] } })
      return { service, answer: body }
    })
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    unavailable.set(service, error.message)
    const related = { orderIds: [], ticketIds: [], messageIds: [], correlationIds: [] }
    return { service, answer: { related, entries: [], truncated: false } }
  }
}

const columns: readonly Column<Entry & { sincePrevious: string }>[] = [
  { title: 'AT', text: ({ at }) => at.toISOString().slice(0, 23).replace('T', ' ') },
  { title: '+MS', right: true, text: ({ sincePrevious }) => sincePrevious, paint: () => 'dim' },
  { title: 'SERVICE', text: ({ service }) => service },
  {
    title: 'KIND',
    text: ({ kind }) => kind,
    paint: ({ kind }) => (kind === 'DEAD_LETTER' ? 'red' : 'dim'),
  },
  {
    title: 'WHAT',
    text: ({ what, queue, detail }) =>
      [what, queue && `by ${queue}`, detail && `(${detail})`].filter(Boolean).join(' '),
  },
]

function resultOf(traced: {
  id: string
  entries: readonly Entry[]
  known: ReadonlyMap<Kind, ReadonlySet<string>>
  unavailable: ReadonlyMap<ServiceKey, string>
  truncated: boolean
  colours: boolean
}): Result {
  const { id, entries, known, unavailable, truncated, colours } = traced
  const rows = entries.map((entry, index) => {
    const before = entries[index - 1]
    return { ...entry, sincePrevious: before ? `+${entry.at.getTime() - before.at.getTime()}` : '' }
  })
  const related = Object.fromEntries([...known].map(([kind, ids]) => [kind, [...ids]]))
  const titles = {
    orderIds: 'order',
    ticketIds: 'ticket',
    correlationIds: 'correlation',
    messageIds: 'message',
  }
  const lines = [
    ...(Object.keys(titles) as (keyof typeof titles)[])
      .filter((kind) => kind !== 'messageIds')
      .flatMap((kind) => (related[kind] ?? []).map((each) => `${titles[kind].padEnd(12)} ${each}`)),
    counted(entries.length, 'entry', 'entries') +
      (truncated ? '; there are more than one answer can hold' : ''),
    ...[...unavailable.values()].map((why) => `incomplete: ${printable(why)}`),
  ]
  return {
    document: { id, related, entries, incomplete: [...unavailable.keys()], truncated },
    text: `${entries.length > 0 ? `${renderTable(columns, rows, colours)}\n` : ''}${lines.join('\n')}\n`,
    exitCode: unavailable.size > 0 ? 1 : 0,
  }
}
