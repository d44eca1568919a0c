import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { queueNames, type ServiceKey } from '@boxoffice/contracts'
import { setVisibility } from '@boxoffice/messaging/testing'
import { abandonStores, claimPorts, type System, type SystemOptions, startSystem } from '@boxoffice/stack'
import { addLogSource, logsOfFolder, machineFactor, measured } from '@boxoffice/testing'
import { inject } from 'vitest'
import { loadAnswerCheck } from '../src/contract/answers.ts'
import { expectInvariants } from '../src/invariants/invariants.ts'
import type { Observed } from '../src/invariants/observed.ts'
import { createMailReader } from '../src/mails.ts'
import { grantAdmin } from '../src/operator.ts'
import { createPerson } from '../src/person.ts'
import { awsOf } from './aws.ts'

type Options = Pick<SystemOptions, 'backoffMsMax' | 'env' | 'instances' | 'traces'>

/** A synchronous buyer waits for the outcome even on a slow machine. */
const PATIENT_MS = '600000'
/** Seconds after which a dead process's leases expire. */
const LEASE = String(Math.ceil(2 * machineFactor))
/**
 * A mail waits for its tickets' PDFs, up to the ten seconds of a peer's timeout: with a shorter lease a busy
 * machine would restart the mail before they arrive and never send it.
 */
const MAIL_LEASE = String(Math.ceil(12 * machineFactor))
/** Seconds after which an unacknowledged message is redelivered: longer than a lease, as in production. */
const VISIBILITY_SECONDS = Math.ceil(3 * machineFactor)
/** An open breaker probes its peer soon. */
const trySoon = (...callees: string[]) =>
  JSON.stringify(Object.fromEntries(callees.map((callee) => [callee, { breaker: { openMs: 1_000 } }])))

/** What a test system is for; files of one kind share one, whose folder is `folder`. */
const kinds = {
  /**
   * No process is killed and no request times out early: a buyer waits for the outcome, however slow the
   * machine is.
   */
  patient: (): Options => ({
    instances: { analytics: 2 },
    env: {
      auth: { MAIL_INTERVAL_SECONDS: '0', LOGIN_FAILURES_PER_NETWORK: '1000000' },
      payments: {
        // The fault tokens would open the gateway's breaker, as intended in production; here each is tested
        // by itself.
        RESILIENCE: JSON.stringify({
          gateway: { breaker: { windowCalls: 10_000, minimumCalls: 10_000 }, ratePerSecond: 1_000 },
        }),
        GATEWAY_TIMEOUT_MS: String(Math.round(2_000 * machineFactor)),
        CHECKOUT_WAIT_MS: PATIENT_MS,
      },
      notifications: { DLQ_CHECK_SECONDS: '1' },
      edge: { ANSWER_TIMEOUT_MS: PATIENT_MS },
    },
  }),
  /** Its services are killed and restart. A buyer gets 202 soon, and a dead process's leases expire soon. */
  fragile: (folder: string): Options => {
    const soonFree = (service: ServiceKey, ...callees: string[]) => ({
      CRASH_AT: `@${crashFile(folder, service)}`,
      LEASE_SECONDS: LEASE,
      RESILIENCE: trySoon(...callees),
    })
    return {
      instances: { payments: 2 },
      backoffMsMax: 200,
      env: {
        auth: soonFree('auth'),
        events: soonFree('events'),
        tickets: soonFree('tickets', 'auth', 'events', 'payments'),
        payments: {
          ...soonFree('payments', 'auth', 'events', 'tickets', 'gateway'),
          CHECKOUT_WAIT_MS: '300',
          ORDER_WORKERS: '4',
          TICKETS_PATIENCE_SECONDS: '5',
        },
        notifications: {
          ...soonFree('notifications', 'auth', 'events', 'tickets', 'payments', 'mail', 'sms'),
          MAIL_LEASE_SECONDS: MAIL_LEASE,
        },
        analytics: soonFree('analytics', 'events', 'tickets', 'payments'),
      },
    }
  },
  /** Idle services write nothing, so that the `contents` of the databases can be compared. */
  quiet: (): Options => ({
    env: {
      auth: { LOGIN_FAILURES_PER_NETWORK: '1000000' },
      payments: { CHECKOUT_WAIT_MS: PATIENT_MS },
      edge: { ANSWER_TIMEOUT_MS: PATIENT_MS },
    },
  }),
  /** Every request is traced. */
  traced: (): Options => ({
    traces: true,
    env: { payments: { CHECKOUT_WAIT_MS: PATIENT_MS }, edge: { ANSWER_TIMEOUT_MS: PATIENT_MS } },
  }),
  /** The same, for a file that counts every operation. */
  counted: (): Options => kinds.traced(),
}
export type Kind = keyof typeof kinds

const crashFile = (folder: string, service: ServiceKey) => path.join(folder, `crash-${service}`)

let current: { kind: Kind; system: Promise<TestSystem> } | null = null

/**
 * Returns the system of this kind, with every service in its own process and on its own ports. It is started
 * for the first file of a worker that needs it and shared by the next ones. It stops with the worker, or
 * when a file needs another kind.
 */
export async function useTestSystem(kind: Kind = 'patient'): Promise<TestSystem> {
  if (current?.kind !== kind) {
    const before = current
    current = null
    await (await before?.system.catch(() => null))?.system.stop()
    const starting = measured('servers', () => startTestSystem(kind))
    current = { kind, system: starting }
    starting.catch(() => {
      current = null // the next file retries
    })
  }
  const running = await current.system
  running.check.takeViolations()
  return running
}

async function startTestSystem(kind: Kind) {
  const folder = await mkdtemp(path.join(tmpdir(), 'e2e-'))
  const options = kinds[kind](folder)
  const place = { folder, ports: await claimPorts(), log: () => {}, unsafe: true, stores: inject('stores') }
  const system = await startSystem({ ...place, ...options })
  endStoresWithWorker(folder)
  if (kind === 'fragile') await shortenVisibility(system)
  addLogSource(logsOfFolder(path.join(folder, 'logs')))
  const { urls } = system
  /** From the gateway's ledger, in minor units. */
  const ledger = async (orderId?: string) => {
    const response = await fetch(`${urls.sandbox}/ledger${orderId ? `?orderId=${orderId}` : ''}`)
    return (await response.json()) as {
      entries: { kind: string; amount: number; orderId: string }[]
      totals: { orderId: string; captured: number; refunded: number; successfulCharges: number }[]
    }
  }
  const check = await loadAnswerCheck(urls.edge)
  const observed: Observed = { databaseUrl: system.databaseUrl, redisUrl: urls.redis, ledger }
  const person = (
    name: Parameters<typeof createPerson>[1],
    options: Parameters<typeof createPerson>[2] = {},
  ) => createPerson(urls, name, { check, ...options })
  return {
    system,
    edge: urls.edge,
    /** Checks every response to this system's users against the OpenAPI documents. */
    check,
    person,
    /** Registers a user and grants the operator role as operators do. */
    async operator() {
      const operator = await person({ firstName: 'Oda', lastName: 'Operator' }, { proven: true })
      await grantAdmin(urls.auth, folder, operator.email)
      await operator.signIn()
      return operator
    },
    mails: createMailReader(urls.mailbox),
    ledger,
    /** Returns the gateway's balance of one order; zeros if it is unknown. */
    moneyOf: async (orderId: string) =>
      (await ledger(orderId)).totals[0] ?? { captured: 0, refunded: 0, successfulCharges: 0 },
    observed,
    /** Resolves when tickets, money, messages and Redis agree. */
    expectAgreement: () => expectInvariants(observed),
    folder,
    instancesOf: (service: ServiceKey) =>
      Array.from({ length: options.instances?.[service] ?? 1 }, (_, instance) =>
        system.service(service, instance),
      ),
    /** A service that finds this file crashes at the crash point named in it, after removing the file. */
    crashFile: (service: ServiceKey) => crashFile(folder, service),
    /** Freezes the gateway during `work`: it responds to no call, and afterwards to all. */
    async whileGatewayStands<T>(work: () => Promise<T>): Promise<T> {
      const sandbox = system.service('sandbox')
      sandbox.kill('SIGSTOP')
      try {
        return await work()
      } finally {
        sandbox.kill('SIGCONT')
      }
    },
    /** Call at the end of a file: throws if a response did not match the OpenAPI documents. */
    expectDocumented() {
      const violations = new Set(check.takeViolations())
      if (violations.size > 0)
        throw new Error(`not as documented:\n${[...violations].slice(0, 20).join('\n')}`)
    },
  }
}
async function shortenVisibility(system: System): Promise<void> {
  const aws = awsOf(system)
  await Promise.all(queueNames.map((queue) => setVisibility(aws, queue, VISIBILITY_SECONDS)))
  aws.close()
}

/** A worker is asked to exit and killed soon after: services notice by themselves, stores do not. */
function endStoresWithWorker(folder: string): void {
  process.prependOnceListener('SIGTERM', () => {
    abandonStores(folder)
    setImmediate(() => process.kill(process.pid, 'SIGKILL')) // Vitest forbids `process.exit` in tests.
  })
}

export type TestSystem = Awaited<ReturnType<typeof startTestSystem>>
