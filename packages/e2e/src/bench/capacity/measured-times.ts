import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { ServiceTimes } from './on-sale.ts'

const RESULTS = path.resolve(import.meta.dirname, '../../../../../.boxoffice/bench')

/** Measured on two cores on 29 November 2026 before any optimisation; used when there is no newer run. */
const HOLD_BEFORE = { tickets: 4.5, PostgreSQL: 6.8, Redis: 0.8 }
const PURCHASE_BEFORE = {
  payments: 25,
  tickets: 16,
  notifications: 26,
  analytics: 10,
  events: 2,
  auth: 6,
  PostgreSQL: 60,
  Redis: 2,
}

type Cpu = Readonly<Record<string, number>>
interface Raw {
  raw: Record<
    string,
    { cpu?: Cpu; answers?: Record<string, { count: number }>; settled?: { orders: Record<string, number> } }[]
  >
}

/** Reads service times from the newest raw data of `holds` and `purchases`; returns their sources too. */
export function readServiceTimes(): { times: ServiceTimes; sources: string[] } {
  const [holds, purchases] = [newest('holds'), newest('purchases')]
  const hold = holds
    ? perItem(sumOf(holds.data.raw['limits: general']), lastCount(holds.data.raw.general))
    : HOLD_BEFORE
  const settled = purchases?.data.raw.settled ?? []
  const sold = settled.reduce((sum, each) => sum + (each.settled?.orders.CONFIRMED ?? 0), 0)
  const purchase = purchases ? perItem(sumOf(settled), sold) : PURCHASE_BEFORE
  const of = (cpu: Cpu, name: string) => cpu[name] ?? 0
  const times: ServiceTimes = {
    hold: { tickets: of(hold, 'tickets'), postgres: of(hold, 'PostgreSQL'), redis: of(hold, 'Redis') },
    purchase: {
      payments: of(purchase, 'payments'),
      tickets: of(purchase, 'tickets'),
      notifications: of(purchase, 'notifications'),
      analytics: of(purchase, 'analytics'),
      events: of(purchase, 'events'),
      auth: of(purchase, 'auth'),
      postgres: of(purchase, 'PostgreSQL'),
      redis: of(purchase, 'Redis'),
    },
    commitMs: 4, // a round trip within a region and Aurora's quorum of four of six
    gatewayMs: 400,
  }
  const sourceOf = (name: string, found: { file: string } | null) =>
    `${name}: ${found ? path.basename(found.file) : 'built-in figures of 29 November 2026, no run found'}`
  return { times, sources: [sourceOf('holds', holds), sourceOf('purchases', purchases)] }
}

function newest(name: string): { file: string; data: Raw } | null {
  const files = existsSync(RESULTS)
    ? readdirSync(RESULTS).filter((file) => file.startsWith(`${name}-`) && file.endsWith('.json'))
    : []
  for (const file of files.sort().reverse()) {
    const data: Raw = JSON.parse(readFileSync(path.join(RESULTS, file), 'utf8'))
    if (data.raw[name === 'holds' ? 'limits: general' : 'settled']) return { file, data }
  }
  return null
}

/** Sums the CPU of a process over its instances: `tickets-2` counts as `tickets`. */
function sumOf(rows: readonly { cpu?: Cpu }[] | undefined): Cpu {
  const total: Record<string, number> = {}
  for (const { cpu = {} } of rows ?? []) {
    for (const [name, ms] of Object.entries(cpu)) {
      const plain = name.replace(/-\d+$/, '')
      total[plain] = (total[plain] ?? 0) + ms
    }
  }
  return total
}

const lastCount = (rows: Raw['raw'][string] | undefined) => rows?.at(-1)?.answers?.['201']?.count ?? 0
const perItem = (cpu: Cpu, count: number): Cpu =>
  Object.fromEntries(Object.entries(cpu).map(([name, ms]) => [name, ms / Math.max(1, count)]))
