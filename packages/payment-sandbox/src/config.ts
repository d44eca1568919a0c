import { z } from 'zod'

export const Environment = z.object({
  HOST: z.string().default('127.0.0.1').describe('address to listen on'),
  PORT: z.coerce.number().int().default(8026).describe('port to listen on'),
  LOG_LEVEL: z
    .enum(['silent', 'error', 'warn', 'info', 'debug'])
    .default('info')
    .describe('minimum log level'),
  SANDBOX_DATABASE: z.string().min(1).describe('path of the SQLite file with the ledger; created if missing'),
  STRIPE_SECRET_KEY: z.string().min(1).describe('API key that callers must present'),
  STRIPE_WEBHOOK_SECRET: z.string().min(1).describe('secret that signs the webhooks'),
  WEBHOOK_URL: z
    .union([z.literal('').transform(() => null), z.url()])
    .default(null)
    .describe('URL that receives webhooks; none are sent without it'),
})

/**
 * Reads the configuration from the environment. Throws an error that names every missing or invalid
 * variable.
 */
export function loadConfig(environment: Record<string, string | undefined>) {
  // Does not use `readEnvironment`, because loading the service kit would more than double the start time.
  const result = Environment.safeParse(environment)
  if (!result.success) throw new Error(`configuration:\n${z.prettifyError(result.error)}`)
  const read = result.data
  return {
    host: read.HOST,
    port: read.PORT,
    logLevel: read.LOG_LEVEL,
    database: read.SANDBOX_DATABASE,
    secretKey: read.STRIPE_SECRET_KEY,
    webhookSecret: read.STRIPE_WEBHOOK_SECRET,
    webhookUrl: read.WEBHOOK_URL,
  }
}
