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

/** A buyer who waits for the outcome waits for it, whatever the machine does meanwhile. */
const PATIENT_MS = '600000'
/** What a dead process had taken is free again after so many seconds. */
const LEASE = String(Math.ceil(2 * machineFactor))
/**
 * A mail waits for its tickets' PDFs, up to the ten seconds that a peer may take: with a shorter lease a busy
 * machine begins it anew before they are there, asks for them again, and never gets to send it.
 */
const MAIL_LEASE = String(Math.ceil(12 * machineFactor))
/**
 * A message that nobody acknowledged comes again after so many: longer than a lease, as it is without tests.
 */
const VISIBILITY_SECONDS = Math.ceil(3 * machineFactor)
/** A breaker that has opened tries soon whether its callee is back. */
const trySoon = (...callees: string[]) =>
  JSON.stringify(Object.fromEntries(callees.map((callee) => [callee, { breaker: { openMs: 1_000 } }])))

/** What a system of the tests is made for; files of one kind share one, whose folder is `folder`. */
const kinds = {
  /**
   * Nothing is killed and nobody is impatient: a buyer waits for the outcome, however slow the machine is.
   */
  patient: (): Options => ({
    instances: { analytics: 2 },
    env: {
      auth: { MAIL_INTERVAL_SECONDS: '0', LOGIN_FAILURES_PER_NETWORK: '1000000' },
      payments: {
        // The tokens of trouble would open the gateway's breaker, as they should: here each is looked at by
        // itself.
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
  /**
   * Its services are killed, and come back. A buyer gets 202 soon, and what a dead process had taken is free
   * again soon.
   */
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
  /** Where nothing is asked for nothing is written: `contents` of its databases may be compared. */
  quiet: (): Options => ({
    env: {
      auth: { LOGIN_FAILURES_PER_NETWORK: '1000000' },
      payments: { CHECKOUT_WAIT_MS: PATIENT_MS },
      edge: { ANSWER_TIMEOUT_MS: PATIENT_MS },
    },
  }),
  /** Every request is a trace. */
  traced: (): Options => ({
    traces: true,
    env: { payments: { CHECKOUT_WAIT_MS: PATIENT_MS }, edge: { ANSWER_TIMEOUT_MS: PATIENT_MS } },
  }),
  /** The same, for a file that counts everything that is done. */
  counted: (): Options => kinds.traced(),
}
export type Kind = keyof typeof kinds

const crashFile = (folder: string, service: ServiceKey) => path.join(folder, `crash-${service}`)

let current: { kind: Kind; system: Promise<TestSystem> } | null = null

/**
 * The system of this kind, every service a process of its own, with ports of its own. It is started for the
 * first file of a worker that asks for it and used by the next ones, one file after the other. It ends with
 * the worker, or when a file asks for another kind.
 */
export async function useTestSystem(kind: Kind = 'patient'): Promise<TestSystem> {
  if (current?.kind !== kind) {
    const before = current
    current = null
    await (await before?.system.catch(() => null))?.system.stop()
    const starting = measured('servers', () => startTestSystem(kind))
    current = { kind, system: starting }
    starting.catch(() => {
      current = null // the next file tries again
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
  /** In the gateway's own books, in minor units. */
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
    /** Every answer that the people of this system get is checked against the OpenAPI documents. */
    check,
    person,
    /** Somebody with the role of an operator, given as operators are given it. */
    async operator() {
      const operator = await person({ firstName: 'Oda', lastName: 'Operator' }, { proven: true })
      await grantAdmin(urls.auth, folder, operator.email)
      await operator.signIn()
      return operator
    },
    mails: createMailReader(urls.mailbox),
    ledger,
    /** What the gateway has of one order; nothing where it knows none. */
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
    /**
     * A service that finds this file dies at the crash point that is written in it, and removes the file
     * first.
     */
    crashFile: (service: ServiceKey) => crashFile(folder, service),
    /** While `work` goes on the gateway stands still: it answers nobody, and then everybody. */
    async whileGatewayStands<T>(work: () => Promise<T>): Promise<T> {
      const sandbox = system.service('sandbox')
      sandbox.kill('SIGSTOP')
      try {
        return await work()
      } finally {
        sandbox.kill('SIGCONT')
      }
    },
    /** For the end of a file: throws when an answer was not as the OpenAPI documents describe it. */
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

/** A worker is told to end, and soon killed: the services notice that by themselves, the stores do not. */
function endStoresWithWorker(folder: string): void {
  process.prependOnceListener('SIGTERM', () => {
    abandonStores(folder)
    setImmediate(() => process.kill(process.pid, 'SIGKILL')) // `process.exit` is not for tests
  })
}

export type TestSystem = Awaited<ReturnType<typeof startTestSystem>>
