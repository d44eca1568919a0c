import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export type Metrics = ReturnType<typeof createMetrics>

/** The metrics of every service; further ones are registered on the same registry. */
export function createMetrics(service: string) {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name, help, labelNames, registers })
  return {
    registry,
    counter,
    gauge: <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
      new Gauge({ name, help, labelNames, registers }),
    measured: createMeasured(registry),
    httpSeconds: new Histogram({
      name: 'http_server_request_duration_seconds',
      help: 'requests served, by route and status',
      labelNames: ['method', 'route', 'status'],
      buckets: secondsBuckets,
      registers,
    }),
    callSeconds: new Histogram({
      name: 'service_call_duration_seconds',
      help: 'calls to other services and the gateway, by operation and outcome',
      labelNames: ['callee', 'operation', 'outcome'],
      buckets: secondsBuckets,
      registers,
    }),
    showBreaker: createBreakerGauge(registry),
    messagesConsumed: counter('messages_consumed_total', 'messages received from a queue, by outcome', [
      'queue',
      'event_type',
      'outcome',
    ]),
    messagesPublished: counter('messages_published_total', 'messages that SNS or SQS accepted', ['topic']),
    idempotentRequests: counter('idempotent_requests_total', 'requests with an Idempotency-Key, by outcome', [
      'outcome',
    ]),
    redisConnected: new Gauge({
      name: 'redis_connected',
      help: '1 while connected, 0 otherwise, by use',
      labelNames: ['use'],
      registers,
    }),
  }
}

/** Exports breaker states: several for one callee, such as two connections to Redis, as the most open one. */
function createBreakerGauge(registry: Registry) {
  const breakers = new Map<string, (() => number)[]>()
  new Gauge({
    name: 'circuit_breaker_state',
    help: '0 closed, 0.5 half open, 1 open',
    labelNames: ['callee'],
    registers: [registry],
    collect() {
      for (const [callee, states] of breakers)
        this.set({ callee }, Math.max(...states.map((state) => state())))
    },
  })
  return (callee: string, state: () => number): void => {
    breakers.set(callee, [...(breakers.get(callee) ?? []), state])
  }
}

/**
 * Creates gauges that are measured at each scrape. If `measure` rejects there is no value: health already
 * shows that a database is down.
 */
const createMeasured =
  (registry: Registry) =>
  <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    measure: () => Promise<readonly { labels: Partial<Record<L, string>>; value: number }[]>,
  ): void => {
    const collect = async (gauge: Gauge<L>) => {
      const rows = await measure().catch(() => null)
      gauge.reset()
      for (const { labels, value } of rows ?? []) gauge.set(labels as Record<L, string>, value)
      if (!rows && labelNames.length === 0) gauge.set(Number.NaN)
    }
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        return collect(this)
      },
    })
  }
