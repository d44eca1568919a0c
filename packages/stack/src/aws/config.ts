import { messagingConfig, messagingEnvironment } from '@boxoffice/messaging'
import { readEnvironment } from '@boxoffice/service-kit'
import { z } from 'zod'

export const Environment = z.object({
  ...messagingEnvironment,
  HOST: z.string().default('127.0.0.1').describe('address to listen on'),
  PORT: z.coerce.number().int().describe('port to listen on'),
  DATA_DIR: z.string().min(1).describe('folder of the SQLite database with topics, queues and messages'),
  PROVISION: z
    .stringbool()
    .default(true)
    .describe('whether to create topics, queues and subscriptions first'),
})

/** The only reader of the environment. Throws with every missing or wrong variable named. */
export function loadConfig(environment: Record<string, string | undefined>) {
  const read = readEnvironment(Environment, environment)
  return {
    messaging: messagingConfig(read),
    host: read.HOST,
    port: read.PORT,
    dataDir: read.DATA_DIR,
    provisions: read.PROVISION,
    /** Base of queue URLs: where the clients reach us. */
    url: read.AWS_SQS_ENDPOINT,
  }
}
