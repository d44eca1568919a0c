import { randomUUID } from 'node:crypto'
import { type ServiceKey, services } from '@boxoffice/contracts'
import type { Worker } from '@boxoffice/service-kit'
import { createTestAuthority, createTestDatabase, stopWorkers } from '@boxoffice/service-kit/testing'
import { inject } from 'vitest'
import { type Aws, createAws } from './aws.ts'
import type { MessagingConfig } from './config.ts'
import { provision } from './provision.ts'
import type { Probe } from './testing.ts'

/**
 * Prepares what a service needs in a test: the keys of its callers, and the environment with its own
 * database, topics and queues. The service adds its own settings.
 */
export async function prepareService(service: ServiceKey) {
  const authority = await createTestAuthority()
  const awsEndpoint = inject('awsEndpoint')
  const environment: Record<string, string> = {
    ...authority.environment(services[service].name),
    DATABASE_URL: await createTestDatabase(inject('postgresUrl'), `services/${service}/prisma/migrations`),
    AWS_SNS_ENDPOINT: awsEndpoint,
    AWS_SQS_ENDPOINT: awsEndpoint,
    MESSAGING_PREFIX: `t${randomUUID().slice(0, 8)}-`,
    SQS_WAIT_SECONDS: '0.2',
  }
  return { authority, environment }
}

/** Creates all topics and queues under the prefix of `config`. */
export async function createTestQueues(config: MessagingConfig): Promise<Aws> {
  const aws = createAws(config)
  await provision(aws)
  return aws
}

type Close = () => PromiseLike<unknown>

/**
 * Closes a service in the order of a shutdown: first what takes requests, then its workers, then its
 * connections, and last the stubs that it calls.
 */
export async function closeService({
  servers,
  workers = [],
  probe,
  deps,
  aws,
  stubs = [],
}: {
  servers: readonly Close[]
  /** The workers that were started, the relay first. */
  workers?: readonly Worker[]
  probe?: Probe
  deps: { close(): Promise<void> }
  aws: Aws
  stubs?: readonly Close[]
}): Promise<void> {
  await Promise.all(servers.map((close) => close()))
  await stopWorkers(workers)
  await Promise.all([probe?.close(), deps.close()])
  aws.close()
  await Promise.all(stubs.map((close) => close()))
}
