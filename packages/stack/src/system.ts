import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import { ensureDatabase, migrate } from '@boxoffice/service-kit'
import { claimPort } from '@boxoffice/testing'
import type { StoreKind } from './docker/engine.ts'
import { type Addresses, type Environment, environmentOf, messagingEnvironmentOf } from './environment.ts'
import { createLauncher, type Launcher, settled } from './launch.ts'
import { layout, stopLeftovers } from './leftovers.ts'
import { markStopping, removePidFile, writePidFile } from './pid-file.ts'
import { type Ports, requireFree } from './ports.ts'
import type { Postgres } from './postgres.ts'
import { ensurePrivateFolder } from './private-file.ts'
import { loadSecrets, type Secrets } from './secrets.ts'
import { type Stores, startMessaging, startStores } from './stores.ts'
import type { Supervised } from './supervise.ts'

export interface SystemOptions {
  /** Where data, logs and secrets are stored. */
  folder: string
  ports: Ports
  /** A line for each completed step, and for every child that ends by itself. */
  log: (line: string) => void
  /** The services to start, by default all, and the folder of the workspace. */
  services?: readonly ServiceKey[]
  servicesFolder?: string
  /** Overrides what `environmentOf` returns; undefined removes a variable. */
  env?: Partial<Record<ServiceKey | 'edge', Record<string, string | undefined>>>
  /** Processes per service, by default one; the others get free ports. */
  instances?: Partial<Record<ServiceKey, number>>
  /** PostgreSQL does not wait for the disk: for tests only. */
  unsafe?: boolean
  /** How PostgreSQL, Redis, SNS and SQS run; in containers they keep nothing: for tests only. */
  stores?: StoreKind
  /** The longest pause before a restart; ten seconds. */
  backoffMsMax?: number
  /** Start with an empty folder. */
  fresh?: boolean
  /** Trace everything, with a collector that shows it at `urls.traces`. */
  traces?: boolean
  /** Abort the start and stop what has been started so far. */
  signal?: AbortSignal
}

export type ChildName = ServiceKey | 'aws' | 'mailbox' | 'sms' | 'sandbox' | 'traces' | 'edge'

export interface System {
  /** Base URLs, without a trailing slash. */
  urls: Readonly<Record<ServiceKey | 'edge' | 'aws' | 'mailbox' | 'sms' | 'sandbox' | 'redis', string>> & {
    readonly traces?: string
  }
  /** Base URLs of each service's instances; the first is the one in `urls`. */
  instances: Readonly<Partial<Record<ServiceKey, readonly string[]>>>
  /** The environment of each service. */
  env: Readonly<Record<ServiceKey, Environment>>
  databaseUrl(service: ServiceKey): string
  /** Returns a child process; `instance` counts from 0. Throws if there is none. */
  service(name: ChildName, instance?: number): Supervised
  /** Stops everything in reverse order, within ten seconds. */
  stop(): Promise<void>
}

const SOURCES = import.meta.dirname
const SERVICES = path.resolve(SOURCES, '../../../services')
const SANDBOX = path.resolve(SOURCES, '../../payment-sandbox/src/main.ts')

/**
 * Starts the whole system and resolves when every part is ready. What a killed supervisor left in `folder` is
 * stopped first. Rejects with one sentence (a port is taken, Redis is unavailable, a service does not start:
 * with its log's name and last lines), after stopping what it had started.
 */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { ports, log, signal } = options
  const folder = path.resolve(options.folder)
  const places = layout(folder)
  await stopLeftovers(folder, { log, ...(signal && { signal }) })
  if (options.fresh) await rm(folder, { recursive: true, force: true })
  await requireFree(options.traces ? ports : { ...ports, traces: undefined })
  ensurePrivateFolder(folder)
  writePidFile(places.supervisorPid, process.pid)

  const launcher = createLauncher({
    places,
    log,
    backoffMsMax: options.backoffMsMax,
    ...(signal && { signal }),
  })
  const stop = async () => {
    markStopping(places.supervisorPid)
    await launcher.stop()
    removePidFile(places.supervisorPid)
  }
  try {
    const secrets = loadSecrets(folder)
    const prepare = (postgres: Postgres) => prepareDatabases(options, postgres)
    const [stores] = await settled([
      startStores(launcher, options, { places, prepare }),
      startStandIns(launcher, options, { places, secrets }),
    ])
    const addresses = addressesOf(options, stores)
    launcher.nextLayer()
    const env = environmentsOf(secrets, addresses, options.env)
    const upstreams = await startServices(launcher, options, env)
    launcher.nextLayer()
    const edgeEnv = {
      PORT: `${ports.edge}`,
      UPSTREAMS: JSON.stringify(upstreams),
      MAILBOX_URL: addresses.mailbox,
      SMS_URL: addresses.sms,
      ...(options.env?.edge as Environment | undefined),
    }
    await launcher.step('edge', () =>
      launcher.startChild('edge', path.join(SOURCES, 'edge/main.ts'), edgeEnv),
    )

    const { services, publicUrl, databaseUrl, ...urls } = addresses
    return {
      urls: { ...services, ...urls, edge: publicUrl },
      instances: upstreams,
      env,
      databaseUrl,
      service: (name, instance = 0) => launcher.getChild(childName(name, instance)),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

type Places = ReturnType<typeof layout>

/** The stand-ins for AWS and the payment gateway; none needs a store. */
async function startStandIns(
  launcher: Launcher,
  options: SystemOptions,
  { places, secrets }: { places: Places; secrets: Secrets },
): Promise<void> {
  const { ports } = options
  const urlOf = urlsOf(options)
  const child = (name: ChildName, env: Environment) =>
    launcher.startChild(name, path.join(SOURCES, name, 'main.ts'), env)
  const messaging = { places, env: messagingEnvironmentOf({ aws: urlOf('aws') }) }
  const sandboxEnv = {
    PORT: `${ports.sandbox}`,
    SANDBOX_DATABASE: places.sandbox,
    STRIPE_SECRET_KEY: secrets.stripeSecretKey,
    STRIPE_WEBHOOK_SECRET: secrets.stripeWebhookSecret,
    WEBHOOK_URL: `${urlOf('edge')}/api/payments/webhooks/stripe`,
  }
  await settled([
    launcher.step('SNS and SQS', () => startMessaging(launcher, options, messaging)),
    launcher.step('mailbox', () => child('mailbox', { PORT: `${ports.mailbox}`, MAIL_FILE: places.mails })),
    launcher.step('text messages', () => child('sms', { PORT: `${ports.sms}`, SMS_FILE: places.sms })),
    launcher.step('payment sandbox', () => launcher.startChild('sandbox', SANDBOX, sandboxEnv)),
    ...(options.traces ? [launcher.step('traces', () => child('traces', { PORT: `${ports.traces}` }))] : []),
  ])
}

/** Starts all services at once, as none needs another to start; returns the URLs of their instances. */
async function startServices(
  launcher: Launcher,
  options: SystemOptions,
  env: System['env'],
): Promise<System['instances']> {
  const startInstance = async (key: ServiceKey, index: number): Promise<string> => {
    const port = index === 0 ? options.ports[key] : await claimPort()
    const url = `http://127.0.0.1:${port}`
    const instanceEnv = { ...env[key], PORT: String(port) }
    await launcher.startChild(
      childName(key, index),
      programOf(options, key),
      instanceEnv,
      `${url}/actuator/health/ready`,
    )
    return url
  }
  const startInstances = (key: ServiceKey) =>
    settled(Array.from({ length: options.instances?.[key] ?? 1 }, (_, index) => startInstance(key, index)))
  const started = presentServices(options).map((key) =>
    launcher.step(key, async () => [key, await startInstances(key)] as const),
  )
  return Object.fromEntries(await settled(started))
}

/** The requested services whose folder exists. */
const presentServices = (options: SystemOptions) =>
  (options.services ?? serviceKeys).filter((key) => existsSync(programOf(options, key)))
const folderOf = (options: SystemOptions, key: ServiceKey) =>
  path.join(options.servicesFolder ?? SERVICES, key)
const programOf = (options: SystemOptions, key: ServiceKey) =>
  path.join(folderOf(options, key), 'src/main.ts')
const childName = (name: ChildName, instance: number) => (instance === 0 ? name : `${name}-${instance + 1}`)

const prepareDatabases = (options: SystemOptions, postgres: Postgres) =>
  settled(presentServices(options).map((key) => prepareDatabase(options, key, postgres.url(key))))

async function prepareDatabase(options: SystemOptions, key: ServiceKey, url: string): Promise<void> {
  await ensureDatabase(url)
  const migrations = path.join(folderOf(options, key), 'prisma/migrations')
  if (existsSync(migrations)) await migrate(url, migrations)
}

const urlsOf = (options: SystemOptions) => (name: keyof Ports) => `http://127.0.0.1:${options.ports[name]}`

function addressesOf(options: SystemOptions, { postgres, redis }: Stores): Addresses {
  const urlOf = urlsOf(options)
  return {
    publicUrl: urlOf('edge'),
    services: byService(urlOf),
    redis: redis.url,
    aws: urlOf('aws'),
    mailbox: urlOf('mailbox'),
    sms: urlOf('sms'),
    sandbox: urlOf('sandbox'),
    ...(options.traces && { traces: urlOf('traces') }),
    databaseUrl: postgres.url,
  }
}

const environmentsOf = (secrets: Secrets, addresses: Addresses, over: SystemOptions['env']): System['env'] =>
  byService((key) => {
    const all = Object.entries({ ...environmentOf(key, secrets, addresses), ...over?.[key] })
    return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined))
  })

const byService = <T>(make: (key: ServiceKey) => T) =>
  Object.fromEntries(serviceKeys.map((key) => [key, make(key)])) as Record<ServiceKey, T>
