import { baseConfig, baseEnvironment, createFoundation, readEnvironment } from '@boxoffice/service-kit'
import { z } from 'zod'
import { messagingConfig, messagingEnvironment } from '../src/config.ts'
import { createMessaging } from '../src/messaging.ts'
import { createTestQueues, prepareService } from '../src/testing-service.ts'

/** Starts the payment service's messaging with its own database, topics and queues. */
export async function startPaymentService() {
  const { authority, environment } = await prepareService('payments')
  const read = readEnvironment(z.object({ ...baseEnvironment, ...messagingEnvironment }), environment)
  const config = baseConfig('payment-service', { ...read, PORT: 0 })
  const foundation = createFoundation(config, authority.userKeys)
  const aws = await createTestQueues(messagingConfig(read))
  return { authority, config, foundation, aws, messaging: createMessaging(foundation, aws.config) }
}
