import type { ServiceKey } from '@boxoffice/contracts'
import { Failure, InputError } from '../failure.ts'
import type { Call, Result } from '../framework/command.ts'
import { counted } from '../framework/words.ts'
import { operatorRoutes } from '../operator-routes.ts'
import { renderTable } from '../output/table.ts'
import { withService } from '../services.ts'

interface Wanted {
  since?: Date | undefined
  until?: Date | undefined
  type?: string | undefined
  topic?: string | undefined
  id?: string | undefined
}

/** Publishes messages of a service's outbox again. */
export function republish(
  { config, terminal, dryRun, confirm }: Pick<Call, 'config' | 'terminal' | 'dryRun' | 'confirm'>,
  service: ServiceKey,
  { since, until, type, topic, id }: Wanted,
): Promise<Result> {
  if (!since) throw new InputError('--since is missing: from when on are messages published again?')
  return withService(config, service, operatorRoutes[service], async (client) => {
    const body = { since, until, eventType: type, topic: topic as never, messageId: id as never }
    const ask = async (isDry: boolean) => {
      const answer = await client.republishOutbox({ body: { ...body, dryRun: isDry } })
      if (answer.status !== 200) throw new Failure('REFUSED', `${service} refused: ${reasonsOf(answer.body)}`)
      return answer.body
    }
    const found = await ask(true)
    if (found.matched === 0)
      throw new Failure('NOT_FOUND', `${service} published no such messages since ${since.toISOString()}`)
    const table = renderTable(
      [
        { title: 'TOPIC', text: (row) => row.topic },
        { title: 'TYPE', text: (row) => row.eventType },
        { title: 'MESSAGES', right: true, text: (row) => row.count },
      ],
      found.byType,
      terminal.colours,
    )
    if (dryRun) {
      const text =
        `${table}\n${counted(found.matched, 'message')} of ${service} would be published again. ` +
        'Nothing was changed.\n'
      return { document: { service, dryRun, ...found }, text }
    }
    await confirm(`Publish ${counted(found.matched, 'message')} of ${service} again?`)
    const done = await ask(false)
    const text =
      `${table}\n${counted(done.republished, 'message')} of ${service} ` +
      'will be published again within seconds\n'
    return { document: { service, dryRun, ...done }, text }
  })
}

const reasonsOf = ({
  message,
  details = [],
}: {
  message: string
  details?: readonly { message: string }[] | undefined
}) => (details.length > 0 ? details.map((each) => each.message).join('; ') : message)
