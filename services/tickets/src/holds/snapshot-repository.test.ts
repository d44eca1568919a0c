import { randomUUID } from 'node:crypto'
import type { EventId } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import { expect, test } from 'vitest'
import { readSnapshot } from './snapshot-repository.ts'

const HOLDS = 20_000
const ids = Array.from({ length: HOLDS }, () => randomUUID())
const typeId = randomUUID()
const sql: Sql = {
  query: async <Row>() =>
    [
      {
        free: [{ ticketTypeId: typeId, count: 1 }],
        closed: [],
        live: JSON.stringify(ids.map((id) => [id, 60_000])),
        lines: JSON.stringify(ids.map((id) => [id, typeId, 2])),
        held: '[]',
        sold: '[]',
      },
    ] as Row[],
}

test('a snapshot of 20,000 holds yields to the event loop between its parts, complete', async () => {
  let yields = 0
  let isRead = false
  const count = () => {
    yields++
    if (!isRead) setImmediate(count)
  }
  setImmediate(count)
  const snapshot = await readSnapshot(sql, randomUUID() as EventId, null)
  isRead = true
  expect(snapshot.holds).toHaveLength(HOLDS)
  expect(snapshot.holds[0]).toEqual({
    reservationId: ids[0],
    remainingMs: 60_000,
    lines: [{ ticketTypeId: typeId, quantity: 2 }],
    seats: [],
  })
  expect(yields).toBeGreaterThanOrEqual(6)
})
