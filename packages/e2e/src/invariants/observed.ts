import type { ServiceKey } from '@boxoffice/contracts'

export interface Observed {
  databaseUrl(service: ServiceKey): string
  redisUrl: string
  ledger(): Promise<{
    totals: { orderId: string; captured: number; refunded: number; successfulCharges: number }[]
  }>
}

/** An invariant that is violated, with the rows that contradict it. */
export interface Violation {
  invariant: string
  statement: string
  rows: unknown[]
}

export type Query = <Row>(service: ServiceKey, sql: string, values?: unknown[]) => Promise<Row[]>
