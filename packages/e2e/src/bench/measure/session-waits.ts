import pg from 'pg'

const SAMPLE_MS = 100

export interface SessionWaits {
  samples: number
  /** Busy sessions per sample, on average. */
  busy: number
  /** What they waited for, most frequent first; `CPU` means no wait. */
  waits: { wait: string; share: number }[]
  /** The statements they ran. */
  statements: { statement: string; share: number }[]
}

/** Samples the activity of PostgreSQL's sessions ten times a second until stopped. */
export async function sampleSessions(databaseUrl: string): Promise<{ stop(): Promise<SessionWaits> }> {
  const client = new pg.Client({ connectionString: databaseUrl })
  client.on('error', () => {})
  await client.connect()
  const waits = new Map<string, number>()
  const statements = new Map<string, number>()
  let [samples, seen] = [0, 0]
  let working: Promise<void> = Promise.resolve()
  const sample = async () => {
    const { rows } = await client.query<{ wait: string; statement: string }>(
      `select coalesce(wait_event_type || ':' || wait_event, 'CPU') as wait,
         regexp_replace(left(query, 200), '\\s+', ' ', 'g') as statement
       from pg_stat_activity where state = 'active' and backend_type = 'client backend'
         and pid <> pg_backend_pid()`,
    )
    samples++
    for (const { wait, statement } of rows) {
      seen++
      waits.set(wait, (waits.get(wait) ?? 0) + 1)
      statements.set(statement.slice(0, 90), (statements.get(statement.slice(0, 90)) ?? 0) + 1)
    }
  }
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    working = sample()
      .catch(() => {})
      .finally(() => {
        busy = false
      })
  }, SAMPLE_MS)
  const top = (counts: Map<string, number>) =>
    [...counts]
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => ({ name, share: count / Math.max(1, seen) }))
  return {
    async stop() {
      clearInterval(timer)
      await working
      await client.end()
      return {
        samples,
        busy: seen / Math.max(1, samples),
        waits: top(waits)
          .slice(0, 6)
          .map(({ name, share }) => ({ wait: name, share })),
        statements: top(statements)
          .slice(0, 5)
          .map(({ name, share }) => ({ statement: name, share })),
      }
    },
  }
}
