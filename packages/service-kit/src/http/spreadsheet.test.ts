import { expect, test } from 'vitest'
import { cellOf, timeAt } from './spreadsheet.ts'

test.each([
  ['=1+1', "'=1+1"],
  ['-2', "'-2"],
  ['＝1', "'＝1"],
  ['Ada;=1+1', "Ada;'=1+1"],
  ['Ada; @sum(a1)', "Ada; '@sum(a1)"],
  ['Ada|+1', "Ada|'+1"],
  ['Ada\t=1', "Ada\t'=1"],
  ['Ada\r\n=1', "Ada\r\n'=1"],
  ['Ada,＋1;－1', "Ada,'＋1;'－1"],
  ['"=1+1"', `"'=1+1"`],
  ['Ada;"=1+1"', `Ada;"'=1+1"`],
  ['  =1', "  '=1"],
])('%j becomes the cell %j, which no program takes for a formula', (text, cell) => {
  expect(cellOf(text)).toBe(cell)
})

test.each(['Jean-Luc', 'a=b', 'AC/DC; live', 'x|y', '1-A_1', 'C++', 'rock,pop', 'Ćwik, z Łodzi', "O'Brien"])(
  '%j is unchanged',
  (text) => {
    expect(cellOf(text)).toBe(text)
  },
)

test.each([
  ['2026-12-04T18:30:00Z', 'Europe/Warsaw', '2026-12-04T19:30:00+01:00'],
  ['2026-07-04T18:30:59.999Z', 'Europe/Warsaw', '2026-07-04T20:30:59+02:00'],
  ['2026-12-04T18:30:00Z', 'Asia/Kolkata', '2026-12-05T00:00:00+05:30'],
  ['2026-12-04T18:30:00Z', 'America/St_Johns', '2026-12-04T15:00:00-03:30'],
  ['2026-12-04T18:30:00Z', 'UTC', '2026-12-04T18:30:00+00:00'],
  ['2026-12-04T18:30:00Z', '+01:00', '2026-12-04T19:30:00+01:00'],
  ['2026-10-25T00:30:00Z', 'Europe/Warsaw', '2026-10-25T02:30:00+02:00'],
  ['2026-10-25T01:30:00Z', 'Europe/Warsaw', '2026-10-25T02:30:00+01:00'],
])('%s in %s is %s, the same moment', (moment, timeZone, text) => {
  expect(timeAt(new Date(moment), timeZone)).toBe(text)
  expect(Math.abs(Date.parse(text) - Date.parse(moment))).toBeLessThan(1_000)
})
