import { z } from 'zod'

const Environment = z.object({
  AWS_REGION: z.string().optional(),
  STRIPE_SECRET_KEY: z.string().min(1).optional(),
  STRIPE_WEBHOOK_SECRET: z.string().min(1).optional(),
})

/**
 * Reads the deployment's environment variables: the region, and secrets that must not appear on a command
 * line. AWS credentials are read by the SDK.
 */
export function loadConfig(environment: Record<string, string | undefined>) {
  const read = Environment.parse(environment)
  return {
    region: read.AWS_REGION,
    gateway: { secretKey: read.STRIPE_SECRET_KEY, webhookSecret: read.STRIPE_WEBHOOK_SECRET },
  }
}
