import { Environment as analytics } from '@boxoffice/analytics/config'
import { Environment as auth } from '@boxoffice/auth/config'
import { type ServiceKey, serviceKeys, services } from '@boxoffice/contracts'
import { Environment as events } from '@boxoffice/events/config'
import { Environment as notifications } from '@boxoffice/notifications/config'
import { Environment as payments } from '@boxoffice/payments/config'
import { isSecret } from '@boxoffice/service-kit'
import { Environment as tickets } from '@boxoffice/tickets/config'
import type { z } from 'zod'
import { urlOf } from './names.ts'

/** The environment schema of each service: the only list of its variables. */
export const schemas: Readonly<Record<ServiceKey, z.ZodObject>> = {
  auth,
  events,
  tickets,
  payments,
  notifications,
  analytics,
}

/** Passwords of the two Redis stores; each has its own secret. */
export const redisPasswords = ['REDIS_PASSWORD', 'CACHE_REDIS_PASSWORD'] as const
/**
 * Public keys: not secret, but derived from secret keys and stored with them. Previous keys stay valid during
 * a rotation.
 */
const madeOfKeys = [
  'SERVICE_PUBLIC_KEYS',
  'NOTIFICATIONS_PUBLIC_KEY',
  'TOKEN_PREVIOUS_PUBLIC_KEYS',
  'TICKET_PREVIOUS_PUBLIC_KEYS',
]

const reads = (service: ServiceKey, name: string) => name in schemas[service].shape

/** Returns the services that a service calls: those whose URL it reads. */
export const calleesOf = (service: ServiceKey): ServiceKey[] =>
  serviceKeys.filter((callee) => callee !== service && reads(service, `${callee.toUpperCase()}_URL`))

export const cachesReads = (service: ServiceKey) => reads(service, 'CACHE_REDIS_URL')

/** Returns the variables that a service reads from its own secret. */
export const secretsOf = (service: ServiceKey): string[] =>
  Object.entries(schemas[service].shape)
    .filter(
      ([name, schema]) =>
        (isSecret(schema as z.ZodType) || madeOfKeys.includes(name)) && !isRedisPassword(name),
    )
    .map(([name]) => name)

/** Returns the Redis passwords that a service reads. */
export const redisPasswordsOf = (service: ServiceKey) => redisPasswords.filter((name) => reads(service, name))

const isRedisPassword = (name: string) => redisPasswords.some((password) => password === name)

/** Inputs of a task's environment that are not secret. Values may be CloudFormation tokens. */
export interface Surroundings {
  region: string
  account: string
  publicUrl: string
  databaseHost: string
  databasePoolSize: number
  holdsHost: string
  cacheHost: string
  messagingPrefix: string
  /** Subnets of the load balancer. */
  proxies: readonly string[]
  from: string
  replyTo?: string
  templatesDir?: string
  smsSender?: string
  mailConfigurationSet: string
  traceRatio: number
  orderQueue: 'on' | 'off'
}

/** Returns the environment of a service's task without secrets: only the variables that its schema reads. */
export function environmentOf(service: ServiceKey, around: Surroundings): Record<string, string> {
  const all: Record<string, string | undefined> = {
    NODE_ENV: 'production',
    HOST: '0.0.0.0',
    PORT: String(services[service].defaultPort),
    DATABASE_URL: `postgres://${service}@${around.databaseHost}:5432/${service}`,
    DATABASE_LOGIN: 'iam',
    DATABASE_POOL_SIZE: String(around.databasePoolSize),
    ...Object.fromEntries(serviceKeys.map((key) => [`${key.toUpperCase()}_URL`, urlOf(key)])),
    REDIS_URL: `rediss://${around.holdsHost}:6379`,
    CACHE_REDIS_URL: `rediss://${around.cacheHost}:6379`,
    PUBLIC_URL: around.publicUrl,
    TRUSTED_PROXIES: around.proxies.join(','),
    AWS_REGION: around.region,
    AWS_ACCOUNT_ID: around.account,
    MESSAGING_PREFIX: around.messagingPrefix,
    FROM_EMAIL_ADDRESS: around.from,
    REPLY_TO_ADDRESSES: around.replyTo,
    NOTIFICATION_TEMPLATES_DIR: around.templatesDir,
    SMS_SENDER_ID: around.smsSender,
    MAIL_CONFIGURATION_SET: around.mailConfigurationSet,
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', // the sidecar
    OTEL_TRACES_SAMPLER_ARG: String(around.traceRatio),
    ORDER_QUEUE: around.orderQueue,
  }
  const known = Object.entries(all).filter(
    ([name, value]) => value !== undefined && (reads(service, name) || name === 'NODE_ENV'),
  )
  return Object.fromEntries(known) as Record<string, string>
}
