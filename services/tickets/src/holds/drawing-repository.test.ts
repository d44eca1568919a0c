import { randomUUID } from 'node:crypto'
import type { EventId } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import { expect, test } from 'vitest'
import { readDrawing } from './drawing-repository.ts'

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

test('a drawing of 20,000 holds lets the event loop turn between its parts, and has all of them', async () => {
  let turns = 0
  let isDrawn = false
  const turn = () => {
    turns++
    if (!isDrawn) setImmediate(turn)
  }
  setImmediate(turn)
  const drawing = await readDrawing(sql, randomUUID() as EventId, null)
  isDrawn = true
  expect(drawing.holds).toHaveLength(HOLDS)
  expect(drawing.holds[0]).toEqual({
    reservationId: ids[0],
    remainingMs: 60_000,
    lines: [{ ticketTypeId: typeId, quantity: 2 }],
    seats: [],
  })
  expect(turns).toBeGreaterThanOrEqual(6)
})
