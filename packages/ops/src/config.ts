import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type ServiceKey, serviceKeys, services } from '@boxoffice/contracts'
import { type MessagingConfig, messagingConfig, messagingEnvironment } from '@boxoffice/messaging'
import { DatabaseLogin, readEnvironment, SigningKey } from '@boxoffice/service-kit/environment'
import { z } from 'zod'
import { InputError } from './failure.ts'

type Environment = Readonly<Record<string, string | undefined>>

const urlName = (service: ServiceKey) => `${service.toUpperCase()}_URL`
const urlNames = serviceKeys.map(urlName)
const Urls = z.object(Object.fromEntries(urlNames.map((name) => [name, z.url()])))
const Aws = z.object(messagingEnvironment)
const Databases = z.object({
  DATABASE_ADMIN_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  DATABASE_ADMIN_PASSWORD: z.string().min(1).optional(),
  DATABASE_LOGIN: DatabaseLogin.default('password'),
  DATABASE_PREFIX: z
    .string()
    .regex(/^[a-z0-9_]*$/)
    .default(''),
})
const Passwords = z.object(
  Object.fromEntries(serviceKeys.map((key) => [passwordName(key), z.string().min(1)])),
)
const Key = z.object({ SERVICE_PRIVATE_KEY: SigningKey })
const Archive = z.object({ DEAD_LETTER_BUCKET: z.string().min(3).optional() })
/** The CLI's key in the `secrets.json` of `npm start`. */
const Secrets = z.object({
  services: z.object({ 'boxoffice-cli': z.object({ privateKey: z.looseObject({ kid: z.string() }) }) }),
})

export interface DatabasesConfig {
  adminUrl: string
  /** If the URL has none. */
  adminPassword: string | undefined
  login: DatabaseLogin
  /** Prefix of the names of databases and roles. */
  prefix: string
  /** By service; none with `iam`. */
  passwords: Partial<Record<ServiceKey, string>>
}

/** The addresses and keys of a system. Each part is read when a command needs it. */
export interface Config {
  status(): { urls: Record<ServiceKey, string>; messaging: MessagingConfig }
  messaging(): MessagingConfig
  /** A service's address and the key that signs calls to it. */
  service(service: ServiceKey): { url: string; privateKey: z.output<typeof SigningKey> }
  /** The bucket for archived dead letters; undefined where there is none, as on one machine. */
  deadLetterBucket(): string | undefined
  /** The database server; always from the environment, since `npm start` migrates its own. */
  databases(): DatabasesConfig
  /** The variables that the AWS SDK reads. */
  awsCredentials: Record<string, string>
}

/**
 * Reads the environment if it names the address of a service; otherwise uses the system that `npm start` runs
 * from this folder. Never a mixture, which would report on neither.
 */
export function loadConfig(environment: Environment, folder: string): Config {
  const local = urlNames.every((name) => environment[name] === undefined)
  const messaging = () => messagingConfig(read(Aws, effective()))
  const effective = () => (local ? localEnvironment(environment, folder) : environment)
  return {
    status() {
      const urls = read(Urls, effective())
      return {
        urls: Object.fromEntries(serviceKeys.map((key) => [key, urls[urlName(key)]])) as Record<
          ServiceKey,
          string
        >,
        messaging: messaging(),
      }
    },
    messaging,
    service(service) {
      const name = urlName(service)
      const { [name]: url } = read(z.object({ [name]: z.url() }), effective())
      return { url: String(url), privateKey: read(Key, effective()).SERVICE_PRIVATE_KEY }
    },
    deadLetterBucket: () => read(Archive, effective()).DEAD_LETTER_BUCKET,
    databases: () => databasesOf(environment),
    awsCredentials: local ? { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' } : {},
  }
}

function databasesOf(environment: Environment): DatabasesConfig {
  const admin = read(Databases, environment)
  const login = admin.DATABASE_LOGIN
  const passwords = login === 'password' ? read(Passwords, environment) : {}
  return {
    adminUrl: admin.DATABASE_ADMIN_URL,
    adminPassword: admin.DATABASE_ADMIN_PASSWORD,
    login,
    prefix: admin.DATABASE_PREFIX,
    passwords: Object.fromEntries(serviceKeys.map((key) => [key, passwords[passwordName(key)]])),
  }
}

function passwordName(key: ServiceKey): string {
  return `${key.toUpperCase()}_DATABASE_PASSWORD`
}

/** The local system: its ports (with the variables that move them for `npm start`) and our key. */
function localEnvironment(environment: Environment, folder: string): Environment {
  const aws = localUrl(environment, 'AWS_PORT', 4566)
  return {
    ...Object.fromEntries(
      serviceKeys.map((key) => {
        const name = key.toUpperCase()
        return [`${name}_URL`, localUrl(environment, `${name}_PORT`, services[key].defaultPort)]
      }),
    ),
    AWS_REGION: 'us-east-1',
    AWS_ACCOUNT_ID: '000000000000',
    AWS_SNS_ENDPOINT: aws,
    AWS_SQS_ENDPOINT: aws,
    SERVICE_PRIVATE_KEY: localKey(folder),
  }
}

function localKey(folder: string): string {
  const file = path.join(folder, 'secrets.json')
  if (!existsSync(file)) {
    throw new InputError(
      `no system was started here (there is no ${file}): run \`npm start\`, ` +
        `or set ${urlNames.join(', ')} to use another`,
    )
  }
  try {
    const secrets = Secrets.parse(JSON.parse(readFileSync(file, 'utf8')))
    return JSON.stringify(secrets.services['boxoffice-cli'].privateKey)
  } catch {
    throw new InputError(`${file} has no key of boxoffice-cli: \`npm start -- --fresh\` creates a new file`)
  }
}

function localUrl(environment: Environment, variable: string, standard: number): string {
  const port = Number(environment[variable] ?? standard)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new InputError(`${variable} is ${environment[variable]}, which is not a port`)
  }
  return `http://127.0.0.1:${port}`
}

function read<S extends z.ZodObject>(schema: S, environment: Environment): z.output<S> {
  try {
    return readEnvironment(schema, environment)
  } catch (error) {
    throw new InputError((error as Error).message)
  }
}
