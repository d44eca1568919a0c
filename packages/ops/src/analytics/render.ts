import type { ProjectionFigures, Rebuild } from '@boxoffice/contracts'

const number = new Intl.NumberFormat('en')

/** How much of the archives has been read; `total` is null until every source has reported its size. */
export function progressOf({ sources }: Rebuild): { taken: number; total: number | null } {
  const taken = sources.reduce((sum, source) => sum + source.taken, 0)
  const total = sources.reduce<number | null>(
    (sum, source) => (sum === null || source.total === null ? null : sum + source.total),
    0,
  )
  return { taken, total }
}

/** Renders the projection and its last rebuild, a line each. */
export function renderProjection({ generation, since, lagSeconds, rebuild }: ProjectionFigures): string {
  const lag = lagSeconds === null ? 'lag unknown' : `about ${lagSeconds.toFixed(1)} s behind`
  const lines = [`generation ${generation}, served since ${at(since)}, ${lag}`]
  if (rebuild) lines.push(renderRebuild(rebuild))
  return `${lines.join('\n')}\n`
}

/** Renders one rebuild in a sentence, then the progress of each source. */
export function renderRebuild(rebuild: Rebuild): string {
  const { taken, total } = progressOf(rebuild)
  const of = total === null ? '' : ` of ${number.format(total)}`
  const messages = `${number.format(taken)}${of} archived messages`
  const ended = rebuild.endedAt ? at(rebuild.endedAt) : ''
  const name = `rebuild of generation ${rebuild.generation}`
  const sentences = {
    RUNNING: `${name} running since ${at(rebuild.startedAt)}: ${messages}`,
    DONE: `${name} done at ${ended}, in ${secondsOf(rebuild)} s: ${messages}`,
    CANCELLED: `${name} cancelled at ${ended}: ${messages}`,
  }
  const sources = rebuild.sources.map(({ service, taken: read, total: all, finished }) => {
    const ofAll = all === null ? '' : ` of ${number.format(all)}`
    return `  ${service.padEnd(10)}${number.format(read)}${ofAll}${finished ? '' : ' …'}`
  })
  const trouble =
    rebuild.status === 'RUNNING' && rebuild.lastError ? [`  will be retried: ${rebuild.lastError}`] : []
  return [sentences[rebuild.status], ...sources, ...trouble].join('\n')
}

const at = (time: Date) => time.toISOString().replace('T', ' ').slice(0, 19)
const secondsOf = ({ startedAt, endedAt = startedAt }: Rebuild) =>
  ((endedAt.getTime() - startedAt.getTime()) / 1_000).toFixed(1)
