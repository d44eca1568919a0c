import { type ServiceKey, serviceKeys, services } from '@boxoffice/contracts'
import type { Secrets } from './secrets.ts'

/** Where everything is that a service may want to reach: base URLs, without a trailing slash. */
export interface Addresses {
  publicUrl: string
  services: Readonly<Record<ServiceKey, string>>
  redis: string
  aws: string
  mailbox: string
  sms: string
  sandbox: string
  /** The collector of traces, where there is one. */
  traces?: string
  databaseUrl(service: ServiceKey): string
}

export type Environment = Record<string, string>

/** All that `service` reads from its environment. */
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
    // Here every trace is there to be looked at; a service by itself records a tenth whole.
    ...(addresses.traces && { OTEL_EXPORTER_OTLP_ENDPOINT: addresses.traces, OTEL_TRACES_SAMPLER_ARG: '1' }),
    ...secretEnvironmentOf(service, secrets),
    ...ownEnvironment(service, addresses),
  }
}

/**
 * The part of it that is made of secrets: a service gets its own private keys, and the public halves of the
 * others'.
 */
export function secretEnvironmentOf(service: ServiceKey, secrets: Secrets): Environment {
  const own = secrets.services[services[service].name]
  if (!own) throw new Error(`there is no key for ${service} among the secrets`)
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

/** What it takes to reach the local SNS and SQS. */
export const messagingEnvironmentOf = ({ aws }: Pick<Addresses, 'aws'>): Environment => ({
  AWS_REGION: 'us-east-1',
  AWS_ACCOUNT_ID: '000000000000',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_SNS_ENDPOINT: aws,
  AWS_SQS_ENDPOINT: aws,
  SQS_WAIT_SECONDS: '1', // a consumer that stops waits for its poll to end
})

function ownEnvironment(service: ServiceKey, addresses: Addresses): Environment {
  switch (service) {
    case 'auth':
      // Here everybody comes from 127.0.0.1.
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
