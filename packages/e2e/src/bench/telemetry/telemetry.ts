import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createTestAuthority } from '@boxoffice/service-kit/testing'
import { claimPort } from '@boxoffice/testing'
import { Pool } from 'undici'
import type { Bench } from '../bench.ts'
import { closedLoop } from '../load/loops.ts'
import { fact, heading, step } from '../report.ts'
import { median } from '../statistics.ts'
import { measurePurchases } from './purchases.ts'

const CONNECTIONS = 50
const ROUNDS = 5
const SECONDS = 2

/**
 * Telemetry settings to compare for a service's requests: the defaults, each kind turned off, and all turned
 * off.
 */
const variants = {
  'as configured by default': {},
  'without logs of requests': { LOG_LEVEL: 'warn' },
  'without metrics of requests': { METRICS: 'off' },
  'every trace recorded': { OTEL_TRACES_SAMPLER_ARG: '1' },
  'without tracing': { OTEL_EXPORTER_OTLP_ENDPOINT: undefined },
  'without any telemetry': { LOG_LEVEL: 'warn', METRICS: 'off', OTEL_EXPORTER_OTLP_ENDPOINT: undefined },
}
type Variant = keyof typeof variants

interface Round {
  perSecond: number
  cpuUs: number
}

export const telemetry: Bench = {
  title: 'the cost of logs, metrics and traces per request, and per purchase with its mail',
  async run(context) {
    const collector = await startCollector()
    try {
      await measureRequests(collector.url)
      await measurePurchases(context, collector.url)
    } finally {
      collector.stop()
    }
  },
}

/** Starts a collector that discards all traces. */
async function startCollector() {
  const collector = http.createServer((request, response) => {
    request.resume()
    request.once('end', () => response.setHeader('content-type', 'application/json').end('{}'))
  })
  const port = await claimPort()
  await once(collector.listen(port, '127.0.0.1'), 'listening')
  return { url: `http://127.0.0.1:${port}`, stop: () => void collector.close() }
}

/**
 * Measures alternating rounds of all variants, each in its own process, and prints medians. Counts only the
 * service's CPU.
 */
async function measureRequests(collectorUrl: string): Promise<void> {
  const authority = await createTestAuthority()
  const { d: _, ...publicKey } = authority.tokenKey
  const users = await Promise.all(Array.from({ length: CONNECTIONS }, () => authority.user()))
  const base = {
    ...authority.environment('ticket-service'),
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
    USER_KEYS: JSON.stringify({ keys: [publicKey] }),
    OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl,
  }
  const rounds = new Map<Variant, Round[]>()
  for (let round = 1; round <= ROUNDS; round++) {
    step(`round ${round} of ${ROUNDS}`)
    for (const name of Object.keys(variants) as Variant[]) {
      const figures = await measure({ ...base, ...variants[name] }, users)
      rounds.set(name, [...(rounds.get(name) ?? []), figures])
    }
  }
  heading(`A request to a service, ${CONNECTIONS} connections, medians of ${ROUNDS}`)
  for (const [name, all] of rounds) {
    const of = (key: keyof Round) => median(all.map((figures) => figures[key])).toFixed(0)
    fact(name, `${of('cpuUs')} µs of CPU, ${of('perSecond')} a second`)
  }
}

async function measure(
  env: NodeJS.ProcessEnv,
  users: readonly { headers: Record<string, string> }[],
): Promise<Round> {
  const port = await claimPort()
  const child = start({ ...env, PORT: String(port) })
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS, pipelining: 1 })
  try {
    await once(child, 'message')
    const take = async (index: number) => {
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path: '/api/things/0b5d4ad4-4d57-4c3e-9f0b-6b1f4e3a2c11/take',
        headers: { ...users[index % users.length]?.headers, 'content-type': 'application/json' },
        body: '{"quantity":2,"price":19.99}',
      })
      await body.dump()
      if (statusCode !== 201) throw new Error(String(statusCode))
    }
    const cpuMs = async () =>
      ((await (await pool.request({ method: 'GET', path: '/actuator/cpu' })).body.json()) as { ms: number })
        .ms
    await closedLoop(CONNECTIONS, { seconds: 1 }, take)
    await cpuMs()
    const { count, failed, perSecond } = await closedLoop(CONNECTIONS, { seconds: SECONDS }, take)
    if (failed > 0) throw new Error(`${failed} requests failed`)
    return { perSecond, cpuUs: ((await cpuMs()) * 1_000) / count }
  } finally {
    await pool.destroy()
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
}

/** Starts the service with its log written to a file, as a supervised service's is. */
function start(env: NodeJS.ProcessEnv): ChildProcess {
  const log = openSync(path.join(tmpdir(), 'boxoffice-bench-telemetry.log'), 'w')
  const child = spawn(process.execPath, [new URL('main.ts', import.meta.url).pathname], {
    env,
    stdio: ['ignore', log, 'inherit', 'ipc'],
  })
  closeSync(log)
  return child
}
