import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export type Metrics = ReturnType<typeof createMetrics>

/** The metrics that every service has; its own are registered on the same registry. */
export function createMetrics(service: string) {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    registry,
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
    breakerState: new Gauge({
      name: 'circuit_breaker_state',
      help: '0 closed, 0.5 half open, 1 open',
      labelNames: ['callee'],
      registers,
    }),
    messagesConsumed: new Counter({
      name: 'messages_consumed_total',
      help: 'messages taken off a queue, by what became of them',
      labelNames: ['queue', 'event_type', 'outcome'],
      registers,
    }),
    messagesPublished: new Counter({
      name: 'messages_published_total',
      help: 'messages that SNS accepted',
      labelNames: ['topic'],
      registers,
    }),
  }
}
