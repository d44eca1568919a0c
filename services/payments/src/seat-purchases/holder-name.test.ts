import type { UserId } from '@boxoffice/contracts'
import { createLogger, type UserPrincipal } from '@boxoffice/service-kit'
import { expect, test } from 'vitest'
import { createNaming } from './holder-name.ts'

const naming = (answer: object) =>
  createNaming({ getUser: async () => answer } as never, createLogger({ service: 'test', level: 'silent' }))
const named = (firstName: string, lastName: string) => naming({ status: 200, body: { firstName, lastName } })
const principal = { userId: 'user' as UserId, email: `${'e'.repeat(241)}@example.test` } as UserPrincipal

test('a name is cut to what a ticket can bear, and never within a character', async () => {
  expect(await named('Zofia', 'Łącka')(principal)).toBe('Zofia Łącka')
  expect(await named('z'.repeat(100), 'l'.repeat(120))(principal)).toHaveLength(200)
  const cut = await named('z'.repeat(198), '🎻🎻')(principal)
  expect(cut.isWellFormed()).toBe(true)
  expect(cut).toBe(`${'z'.repeat(198)} 🎻`)
  expect(await named('z'.repeat(199), '🎻🎻')(principal)).toBe('z'.repeat(199))
  const family = '👩‍👩‍👧‍👦' // of 25 bytes: there is room for 63 and a space
  expect(await named(family.repeat(32), family.repeat(32))(principal)).toBe(
    `${family.repeat(32)} ${family.repeat(31)}`,
  )
  expect(await named('Sukarno', '')(principal)).toBe('Sukarno')
})

test('an address that stands for a name is cut likewise', async () => {
  expect(principal.email).toHaveLength(254)
  expect(await naming({ status: 404 })(principal)).toHaveLength(200)
  expect(await named(' ', ' ')(principal)).toHaveLength(200)
})
