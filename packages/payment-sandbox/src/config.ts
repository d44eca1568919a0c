import { z } from 'zod'

export const Environment = z.object({
  HOST: z.string().default('127.0.0.1').describe('address to listen on'),
  PORT: z.coerce.number().int().default(8026).describe('port to listen on'),
  LOG_LEVEL: z
    .enum(['silent', 'error', 'warn', 'info', 'debug'])
    .default('info')
    .describe('least level that is logged'),
  SANDBOX_DATABASE: z
    .string()
    .min(1)
    .describe('path of the SQLite file with the ledger; made where there is none'),
  STRIPE_SECRET_KEY: z.string().min(1).describe('what callers must show'),
  STRIPE_WEBHOOK_SECRET: z.string().min(1).describe('what signs the webhooks'),
  WEBHOOK_URL: z
    .union([z.literal('').transform(() => null), z.url()])
    .default(null)
    .describe('where webhooks go; none without it'),
})

/** The only reader of the environment. Throws with every missing or wrong variable named. */
export function loadConfig(environment: Record<string, string | undefined>) {
  // Without `readEnvironment`: the service kit would more than double the time of a start.
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
