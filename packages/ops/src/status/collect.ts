import { queueNames, queues, type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import { type Aws, findQueueDepth } from '@boxoffice/messaging'
import { z } from 'zod'
import { failureOf } from '../failure.ts'
import type { QueueState, Report, ServiceState } from './report.ts'

const ComponentStatus = z.enum(['UP', 'DEGRADED', 'DOWN'])
const Health = z.object({ status: ComponentStatus, components: z.record(z.string(), ComponentStatus) })
const AGE = /^outbox_oldest_unpublished_seconds(?:\{[^}]*\})? (\S+)$/m
const SAGAS = /^sagas_in_progress\{[^}]*state="(\w+)"[^}]*\} (\d+)$/gm

/**
 * Asks every service and queue at once, each for `timeoutMs` at most. Unavailable ones are part of the
 * report.
 */
export async function collectReport(options: {
  urls: Readonly<Record<ServiceKey, string>>
  aws: Aws
  timeoutMs: number
  now: () => Date
}): Promise<Report> {
  const { urls, aws, timeoutMs, now } = options
  const [services, queueStates] = await Promise.all([
    Promise.all(serviceKeys.map((service) => askService(service, urls[service], timeoutMs))),
    Promise.all(
      queueNames.flatMap((queue) => [
        askQueue(aws, { queue }, timeoutMs),
        askQueue(aws, { queue: queues[queue].deadLetterQueue, deadLettersOf: queue }, timeoutMs),
      ]),
    ),
  ])
  return { checkedAt: now(), services, queues: queueStates }
}

async function askService(service: ServiceKey, url: string, timeoutMs: number): Promise<ServiceState> {
  const ask = (path: string) => fetch(new URL(path, url), { signal: AbortSignal.timeout(timeoutMs) })
  try {
    // A service that is DOWN answers 503 with the same body.
    const health = Health.safeParse(await (await ask('/actuator/health')).json())
    if (!health.success) throw new Error('something else listens there')
    const metrics = await (await ask('/actuator/prometheus')).text()
    return {
      service,
      url,
      ...health.data,
      oldestUnpublishedSeconds: readAge(metrics),
      ...(service === 'payments' && { sagas: readSagas(metrics) }),
    }
  } catch (error) {
    const failure = error instanceof SyntaxError ? 'something else listens there' : failureOf(error)
    return { service, url, status: 'UNREACHABLE', components: {}, oldestUnpublishedSeconds: null, failure }
  }
}

function readAge(metrics: string): number | null {
  const age = Number(AGE.exec(metrics)?.[1] ?? Number.NaN)
  return Number.isNaN(age) ? null : age // NaN while its database is down
}

const readSagas = (metrics: string): Record<string, number> =>
  Object.fromEntries([...metrics.matchAll(SAGAS)].map(([, state, count]) => [state, Number(count)]))

async function askQueue(
  aws: Aws,
  names: Pick<QueueState, 'queue' | 'deadLettersOf'>,
  timeoutMs: number,
): Promise<QueueState> {
  try {
    return { ...names, depth: await within(timeoutMs, findQueueDepth(aws, names.queue)) }
  } catch (error) {
    return { ...names, depth: null, failure: `${aws.config.sqsEndpoint ?? 'SQS'}: ${failureOf(error)}` }
  }
}

/** Rejects with a TimeoutError if `work` takes longer; does not stop it. */
async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DOMException('no answer in time', 'TimeoutError')), timeoutMs)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
