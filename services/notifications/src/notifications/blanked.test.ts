import { expect, test } from 'vitest'
import { blanked } from './blanked.ts'

test('addresses are blanked wherever an error has them; what happened stays', () => {
  const cause = new Error('550 <zofia.lacka+x@customers.example>: no such user')
  const error = new Error('Email address is not verified: buyer@customers.example.', { cause })
  const shown = blanked(error)
  expect(shown.message).toBe(
    'Email address is not verified: [address].: Error: 550 <[address]>: no such user',
  )
  expect(shown.stack).toContain('blanked.test.ts')
  expect(JSON.stringify(shown)).not.toContain('customers.example')
  expect(blanked('to a@b.example')).toEqual({ type: 'string', message: 'to [address]' })
})
