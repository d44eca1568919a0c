import { randomInt } from 'node:crypto'
import type { EventId, SeatId } from '@boxoffice/contracts'
import { cpuMsOf } from '@boxoffice/service-kit/testing'
import { describe, expect, test } from 'vitest'
import { chooseBest } from './best-available.ts'
import { buildPlan, type Plan, type PlanSeat } from './plan.ts'

/**
 * A plan as a picture of its rows, front row first: `.` free, `#` taken, `a` free and accessible. A blank
 * line begins a zone.
 */
function hall(drawing: string): { plan: Plan; isFree: (seat: PlanSeat) => boolean } {
  const seats: (PlanSeat & { free: boolean })[] = []
  const zones = drawing.split(/\n\s*\n/)
  for (const [zone, rows] of zones.entries()) {
    for (const [row, line] of rows.trim().split('\n').entries()) {
      for (const [col, char] of [...line.trim()].entries()) {
        const rowLabel = String.fromCharCode(65 + row)
        const place = {
          zoneId: zone + 1,
          rowLabel,
          index: seats.length,
          accessible: char === 'a',
          free: char !== '#',
        }
        seats.push({ ...place, seatId: `${zone + 1}-${rowLabel}-${col + 1}` as SeatId })
      }
    }
  }
  return { plan: buildPlan('event' as EventId, 1, seats), isFree: (seat) => seats[seat.index]?.free === true }
}
function chosen(drawing: string, count: number): string[] | null {
  const { plan, isFree } = hall(drawing)
  return chooseBest(plan, isFree, count)?.map(({ seatId }) => seatId) ?? null
}

describe('the best seats', () => {
  test('are in the middle of the front row', () => {
    expect(chosen('.......\n.......', 3)).toEqual(['1-A-3', '1-A-4', '1-A-5'])
    expect(chosen('.......\n\n.......', 1)).toEqual(['1-A-4'])
  })
  test('are side by side further back rather than apart in front', () => {
    expect(chosen('..#..\n.....', 3)).toEqual(['1-B-1', '1-B-2', '1-B-3'])
  })
  test('leave no seat alone where that can be avoided', () => {
    expect(chosen('.....', 4)).toEqual(['1-A-1', '1-A-2', '1-A-3', '1-A-4'])
    expect(chosen('.....\n.....', 2)).toEqual(['1-A-1', '1-A-2'])
    expect(chosen('...##\n....#', 2)).toEqual(['1-B-3', '1-B-4'])
    expect(chosen('...##\n###..', 2)).toEqual(['1-B-4', '1-B-5'])
  })
  test('are in as few pieces as possible, in rows one behind the other', () => {
    expect(chosen('..#.#..\n#######\n###...#', 4)).toEqual(['1-A-1', '1-A-2', '1-A-6', '1-A-7'])
    expect(chosen('..####\n######\n######\n######\n...###\n..####', 5)).toEqual([
      '1-E-1',
      '1-E-2',
      '1-E-3',
      '1-F-1',
      '1-F-2',
    ])
  })
  test('are accessible ones only when there are not enough others', () => {
    expect(chosen('aaaa\n#..#', 2)).toEqual(['1-B-2', '1-B-3'])
    expect(chosen('aaaa\n#.#.', 2)).toEqual(['1-B-2', '1-B-4'])
    expect(chosen('aaaa\n#.##', 2)).toEqual(['1-A-1', '1-A-2'])
  })
  test('are none when fewer are free', () => {
    expect(chosen('.#.\n##.', 4)).toBeNull()
    expect(chosen('.#.\n##.', 3)).toEqual(['1-A-1', '1-A-3', '1-B-3'])
  })
})

describe('in any hall', () => {
  test('as many are chosen as requested, free, each once, in one row if one has so many', () => {
    for (let round = 0; round < 400; round++) {
      const rows = Array.from({ length: randomInt(1, 12) }, () =>
        Array.from({ length: randomInt(1, 20) }, () => '..##a'[randomInt(0, round % 2 ? 5 : 4)]).join(''),
      )
      const drawing = rows.join(round % 3 ? '\n' : '\n\n')
      const count = randomInt(1, 9)
      const { plan, isFree } = hall(drawing)
      const seats = chooseBest(plan, isFree, count)
      const free = plan.seats.filter(isFree)
      const ordinary = free.filter(({ accessible }) => !accessible)
      if (!seats) {
        expect(free.length, drawing).toBeLessThan(count)
        continue
      }
      expect(new Set(seats).size, drawing).toBe(count)
      expect(seats.every(isFree), drawing).toBe(true)
      const sparing = ordinary.length >= count
      if (sparing)
        expect(
          seats.some(({ accessible }) => accessible),
          drawing,
        ).toBe(false)
      const usable = sparing ? /[.]+/g : /[.a]+/g
      const oneRowHasThem = rows.some((row) => (row.match(usable) ?? []).some((run) => run.length >= count))
      const first = seats[0]?.index ?? 0
      const together = seats.every(
        ({ index, rowLabel, zoneId }, at) =>
          index === first + at && rowLabel === seats[0]?.rowLabel && zoneId === seats[0]?.zoneId,
      )
      expect(together, `${count} of\n${drawing}`).toBe(oneRowHasThem)
    }
  })

  test('of 20,000 seats they are found in no more than their share of the time for 5,000', () => {
    const hallOf = (rows: number) => hall(Array.from({ length: rows }, () => '.'.repeat(100)).join('\n')).plan
    const [small, large] = [hallOf(50), hallOf(200)]
    let looks = 0
    const takenEverySecond = (seat: PlanSeat) => {
      looks++
      return seat.index % 2 === 0
    }
    expect(chooseBest(large, takenEverySecond, 8)).toHaveLength(8)
    expect(looks).toBeLessThanOrEqual(3 * 20_000)
    const cpuMs = (plan: typeof small) => cpuMsOf(() => chooseBest(plan, takenEverySecond, 8))
    // four times as many seats: sixteen times would be quadratic
    expect(cpuMs(large)).toBeLessThan(10 * cpuMs(small))
  })
})
