import { randomUUID } from 'node:crypto'
import { baseConfig, baseEnvironment, createFoundation, readEnvironment } from '@boxoffice/service-kit'
import { createTestAuthority, createTestDatabase } from '@boxoffice/service-kit/testing'
import { inject } from 'vitest'
import { z } from 'zod'
import { createAws } from '../src/aws.ts'
import { createMessaging } from '../src/messaging.ts'
import { provision } from '../src/provision.ts'

/** Starts the payment service's messaging with its own database, topics and queues. */
export async function startPaymentService() {
  const authority = await createTestAuthority()
  const environment = readEnvironment(z.object(baseEnvironment), {
    ...authority.environment('payment-service'),
    DATABASE_URL: await createTestDatabase(inject('postgresUrl'), 'services/payments/prisma/migrations'),
  })
  const config = baseConfig('payment-service', { ...environment, PORT: 0 })
  const foundation = createFoundation(config, authority.userKeys)
  const endpoint = inject('awsEndpoint')
  const aws = createAws({
    ...{ region: 'us-east-1', accountId: '000000000000', snsEndpoint: endpoint, sqsEndpoint: endpoint },
    prefix: `t${randomUUID().slice(0, 8)}-`,
    waitSeconds: 0.2,
  })
  await provision(aws)
  return { authority, config, foundation, aws, messaging: createMessaging(foundation, aws.config) }
}
