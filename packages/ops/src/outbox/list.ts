import { type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import type { Config } from '../config.ts'
import type { Result } from '../framework/command.ts'
import { counted } from '../framework/words.ts'
import { operatorRoutes } from '../operator-routes.ts'
import { ageOf, type Column, renderTable } from '../output/table.ts'
import { collectPages, withService } from '../services.ts'
import type { Terminal } from '../terminal.ts'

const PAGE_MAX = 100

interface Wanted {
  all: boolean
  type?: string | undefined
  since?: Date | undefined
  limit: number
}

/** Lists messages of one service's outbox, or of all; unpublished ones unless `all` is set. */
export async function listOutbox(
  config: Config,
  service: ServiceKey | undefined,
  wanted: Wanted,
  { colours, now }: Pick<Terminal, 'colours' | 'now'>,
): Promise<Result> {
  const asked = (service ? [service] : serviceKeys).map((key) => messagesOf(config, key, wanted))
  const messages = (await Promise.all(asked)).flat()
  const failing = messages.filter(({ publishedAt, attempts }) => !publishedAt && attempts > 1)
  const table = messages.length > 0 ? `${renderTable(columns(now()), messages, colours)}\n` : ''
  const found = wanted.all ? counted(messages.length, 'message') : `${messages.length} unpublished`
  return {
    document: { messages },
    text: `${table}${found}${failing.length > 0 ? `, ${failing.length} after more than one attempt` : ''}\n`,
    exitCode: failing.length > 0 ? 1 : 0,
  }
}

const messagesOf = (config: Config, service: ServiceKey, { all, type, since, limit }: Wanted) =>
  withService(config, service, operatorRoutes[service], async (client) => {
    const messages = await collectPages(limit, async (cursor) => {
      const state = all ? 'all' : 'unpublished'
      const query = { state, limit: Math.min(limit, PAGE_MAX), eventType: type, since, cursor } as const
      const { body } = await client.listOutbox({ query })
      return { items: body.messages, nextCursor: body.nextCursor }
    })
    return messages.map((message) => ({ service, ...message }))
  })
type Listed = Awaited<ReturnType<typeof messagesOf>>[number]

const columns = (now: Date): readonly Column<Listed>[] => [
  { title: 'SERVICE', text: ({ service }) => service },
  { title: 'TYPE', text: ({ eventType }) => eventType },
  { title: 'MESSAGE', text: ({ messageId }) => messageId },
  { title: 'TOPIC', text: ({ topic }) => topic },
  { title: 'AGE', right: true, text: ({ createdAt }) => ageOf(createdAt, now) },
  {
    title: 'PUBLISHED',
    text: ({ publishedAt, attempts }) =>
      publishedAt ? 'yes' : attempts > 0 ? `no, ${counted(attempts, 'attempt')}` : 'no',
    paint: ({ publishedAt, attempts }) => (publishedAt ? undefined : attempts > 1 ? 'red' : 'yellow'),
  },
]
