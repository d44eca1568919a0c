import { type ServiceKey, serviceKeys, services } from '@boxoffice/contracts'
import type { Secrets } from './secrets.ts'

/** Base URLs of everything that a service may call, without a trailing slash. */
export interface Addresses {
  publicUrl: string
  services: Readonly<Record<ServiceKey, string>>
  redis: string
  aws: string
  mailbox: string
  sms: string
  sandbox: string
  /** The trace collector, if there is one. */
  traces?: string
  databaseUrl(service: ServiceKey): string
}

export type Environment = Record<string, string>

/** Returns the environment of `service`. */
export function environmentOf(service: ServiceKey, secrets: Secrets, addresses: Addresses): Environment {
  const urls = serviceKeys.map((key) => [`${key.toUpperCase()}_URL`, addresses.services[key]])
  return {
    PORT: new URL(addresses.services[service]).port,
    LOG_LEVEL: 'info',
    DATABASE_URL: addresses.databaseUrl(service),
    REDIS_URL: addresses.redis,
    PUBLIC_URL: addresses.publicUrl,
    ...Object.fromEntries(urls),
    ...messagingEnvironmentOf(addresses),
    AWS_SES_ENDPOINT: addresses.mailbox,
    // Every trace is recorded here; by default a service records a tenth whole.
    ...(addresses.traces && { OTEL_EXPORTER_OTLP_ENDPOINT: addresses.traces, OTEL_TRACES_SAMPLER_ARG: '1' }),
    ...secretEnvironmentOf(service, secrets),
    ...ownEnvironment(service, addresses),
  }
}

/** Returns the secret part of it: a service gets its own private keys, and the public keys of the others. */
export function secretEnvironmentOf(service: ServiceKey, secrets: Secrets): Environment {
  const own = secrets.services[services[service].name]
  if (!own) throw new Error(`the secrets contain no key for ${service}`)
  const publicKeys = Object.values(secrets.services).map((pair) => ({ ...pair.publicKey, use: 'sig' }))
  return {
    SERVICE_PRIVATE_KEY: JSON.stringify(own.privateKey),
    SERVICE_PUBLIC_KEYS: JSON.stringify({ keys: publicKeys }),
    ...ownSecrets(service, secrets),
  }
}

function ownSecrets(service: ServiceKey, secrets: Secrets): Environment {
  switch (service) {
    case 'auth':
      return {
        TOKEN_PRIVATE_KEY: JSON.stringify(secrets.token.privateKey),
        NOTIFICATIONS_PUBLIC_KEY: JSON.stringify(secrets.notifications.publicKey),
      }
    case 'tickets':
      return { TICKET_SIGNING_KEY: JSON.stringify(secrets.ticketSigning.privateKey) }
    case 'payments':
      return {
        STRIPE_SECRET_KEY: secrets.stripeSecretKey,
        STRIPE_WEBHOOK_SECRET: secrets.stripeWebhookSecret,
      }
    case 'notifications':
      return {
        NOTIFICATIONS_PRIVATE_KEY: JSON.stringify(secrets.notifications.privateKey),
        VAPID_PRIVATE_KEY: JSON.stringify(secrets.push.privateKey),
      }
    case 'events':
    case 'analytics':
      return {}
  }
}

/** Returns the variables for the local SNS and SQS. */
export const messagingEnvironmentOf = ({ aws }: Pick<Addresses, 'aws'>): Environment => ({
  AWS_REGION: 'us-east-1',
  AWS_ACCOUNT_ID: '000000000000',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_SNS_ENDPOINT: aws,
  AWS_SQS_ENDPOINT: aws,
  SQS_WAIT_SECONDS: '1', // a stopping consumer waits for its poll to end
})

function ownEnvironment(service: ServiceKey, addresses: Addresses): Environment {
  switch (service) {
    case 'auth':
      // All clients come from 127.0.0.1 here.
      return { REGISTRATIONS_PER_NETWORK: '1000000', MAIL_REQUESTS_PER_NETWORK: '1000000' }
    case 'events':
    case 'analytics':
      return { CACHE_REDIS_URL: addresses.redis }
    case 'tickets':
      return {}
    case 'payments':
      return { STRIPE_API_URL: addresses.sandbox, DEFAULT_PAYMENT_TOKEN: 'pm_card_visa' }
    case 'notifications':
      return {
        FROM_EMAIL_ADDRESS: 'tickets@boxoffice.example',
        REPLY_TO_ADDRESSES: 'help@boxoffice.example',
        AWS_SMS_ENDPOINT: addresses.sms,
        SMS_SENDER_ID: 'Boxoffice',
      }
  }
}
