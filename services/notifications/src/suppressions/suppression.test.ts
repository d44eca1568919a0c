import { expect, test } from 'vitest'
import { addressHashOf, isHeldBack } from './suppression.ts'

test('an address is the same however it is written', () => {
  const hash = addressHashOf('zofia@customers.example')
  expect(hash).toMatch(/^[0-9a-f]{64}$/)
  for (const other of [
    'Zofia@Customers.Example',
    ' zofia@customers.example ',
    'Zofia <zofia@customers.example>',
  ]) {
    expect(addressHashOf(other)).toBe(hash)
  }
  expect(addressHashOf('zofia+x@customers.example')).not.toBe(hash)
})

test.each([
  ['ORDER_CONFIRMATION', [], false],
  ['ORDER_CONFIRMATION', ['COMPLAINT'], true],
  ['ORDER_CONFIRMATION', ['BOUNCE'], true],
  ['USER_WELCOME', ['COMPLAINT'], true],
  ['PASSWORD_RESET', ['COMPLAINT'], false],
  ['EMAIL_VERIFICATION', ['COMPLAINT'], false],
  ['PASSWORD_RESET', ['BOUNCE'], true],
  ['EMAIL_VERIFICATION', ['BOUNCE', 'COMPLAINT'], true],
  ['TICKET_TRANSFERRED', ['OPT_OUT'], false],
] as const)('%s after %j: held back %s', (type, causes, isHeld) => {
  expect(isHeldBack(type, causes, false)).toBe(isHeld)
})

test('an opt-out stops mails that others have sent to the address, not those of its own account', () => {
  expect(isHeldBack('TICKET_TRANSFERRED', ['OPT_OUT'], true)).toBe(true)
  expect(isHeldBack('ORDER_CONFIRMATION', ['OPT_OUT'], false)).toBe(false)
})
