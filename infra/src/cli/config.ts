import { z } from 'zod'

const Environment = z.object({
  AWS_REGION: z.string().optional(),
  STRIPE_SECRET_KEY: z.string().min(1).optional(),
  STRIPE_WEBHOOK_SECRET: z.string().min(1).optional(),
})

/**
 * What the deployment takes from the environment, beside AWS's own credentials: a region, and what must not
 * stand in a command.
 */
export function loadConfig(environment: Record<string, string | undefined>) {
  const read = Environment.parse(environment)
  return {
    region: read.AWS_REGION,
    gateway: { secretKey: read.STRIPE_SECRET_KEY, webhookSecret: read.STRIPE_WEBHOOK_SECRET },
  }
}
