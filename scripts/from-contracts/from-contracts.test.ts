import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { clientOperationsFile, clientOperationsText } from './client-operations.ts'
import { refusalTableFile, withRefusalTable } from './refusal-table.ts'

const read = (file: string) => readFileSync(path.join(import.meta.dirname, '../..', file), 'utf8')

test('the client has the operations of the contracts (`npm run from-contracts`)', () => {
  expect(read(clientOperationsFile)).toBe(clientOperationsText())
})

test('docs/api.md has the refusals of the contracts (`npm run from-contracts`)', () => {
  const page = read(refusalTableFile)
  expect(page).toBe(withRefusalTable(page))
  const cells = ['409', '`SEATS_TAKEN`', 'these seats are taken', '`reserved`, `seatIds`, `orderId`']
  expect(page).toMatch(new RegExp(`^\\| ${cells.join(' +\\| ')} +\\| .*createReservation.* \\|$`, 'm'))
})
