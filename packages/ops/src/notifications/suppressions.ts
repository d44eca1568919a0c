import {
  type ListedSuppression,
  notificationsSuppressionRoutes,
  type SuppressionCause,
} from '@boxoffice/contracts'
import type { Config } from '../config.ts'
import { Failure } from '../failure.ts'
import type { Call, Result } from '../framework/command.ts'
import { counted } from '../framework/words.ts'
import { type Column, renderTable, timeOf } from '../output/table.ts'
import { collectPages, withService } from '../services.ts'
import type { Terminal } from '../terminal.ts'

const PAGE_MAX = 100
type Listed = ListedSuppression

interface Wanted {
  email?: string | undefined
  cause?: SuppressionCause | undefined
  since?: Date | undefined
  limit: number
}

/** Lists suppressed addresses by their hashes, newest first, or those of one address. */
export const listSuppressions = (
  config: Config,
  { email, cause, since, limit }: Wanted,
  { colours }: Pick<Terminal, 'colours'>,
): Promise<Result> =>
  withService(config, 'notifications', notificationsSuppressionRoutes, async (client) => {
    const ofAddress = async () => {
      const { addressHash, suppressions } = (await client.findSuppressions({ body: { email: email ?? '' } }))
        .body
      return suppressions.map((each) => ({ addressHash, ...each }))
    }
    const ofAll = () =>
      collectPages<Listed>(limit, async (cursor) => {
        const query = { cause, since, limit: Math.min(limit, PAGE_MAX), cursor }
        const { body } = await client.listSuppressions({ query })
        return { items: body.suppressions, nextCursor: body.nextCursor }
      })
    const suppressions = await (email ? ofAddress() : ofAll())
    const none = email ? `mails to ${email} are not suppressed\n` : 'no address is suppressed\n'
    const table = renderTable(columns, suppressions, colours)
    const text = `${table}\n${counted(suppressions.length, 'suppression')}\n`
    return { document: { suppressions }, text: suppressions.length > 0 ? text : none }
  })

const columns: readonly Column<Listed>[] = [
  {
    title: 'CAUSE',
    text: ({ cause }) => cause,
    paint: ({ cause }) => (cause === 'COMPLAINT' ? 'red' : undefined),
  },
  { title: 'SINCE', text: ({ since }) => timeOf(since) },
  { title: 'ADDRESS HASH', text: ({ addressHash }) => `${addressHash.slice(0, 16)}…` },
  { title: 'REASON', text: ({ reason }) => reason.slice(0, 100) },
]

/** Allows mails to an address again. */
export const liftSuppressions = (
  { config, dryRun, confirm }: Pick<Call, 'config' | 'dryRun' | 'confirm'>,
  email: string,
): Promise<Result> =>
  withService(config, 'notifications', notificationsSuppressionRoutes, async (client) => {
    const { addressHash, suppressions } = (await client.findSuppressions({ body: { email } })).body
    const listed = suppressions.map((each) => ({ addressHash, ...each }))
    const causes = suppressions.map(({ cause }) => cause).join(', ')
    if (listed.length === 0) throw notSuppressed(email)
    if (dryRun)
      return {
        document: { suppressions: listed },
        text: `mails to ${email} would be allowed again (${causes}). Nothing was changed.\n`,
      }
    await confirm(`Allow mails to ${email} again, in spite of ${causes}?`)
    const answer = await client.liftSuppressions({ params: { addressHash } })
    if (answer.status === 404) throw notSuppressed(email)
    return {
      document: { suppressions: listed },
      text: `mails to ${email} are sent again (it was ${causes})\n`,
    }
  })

const notSuppressed = (email: string) =>
  new Failure('SUPPRESSION_NOT_FOUND', `mails to ${email} are not suppressed`)
