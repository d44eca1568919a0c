import { TypedPhone } from '@boxoffice/contracts'
import { refusedPhones, writtenPhones } from '@boxoffice/testing'
import { expect, test } from 'vitest'
import { phoneOf, profilePhone } from './phone.ts'

test.each(writtenPhones)('$typed, written in $country, is $kept', ({ typed, country, kept }) => {
  expect(phoneOf(TypedPhone.parse(typed), country?.toUpperCase())).toBe(kept)
  expect(phoneOf(TypedPhone.parse(kept)), 'and stays so').toBe(kept)
})

test.each(refusedPhones)(
  '$typed, written in $country, is no number, and the error gives the reason',
  ({ typed, country, error }) => {
    const read = TypedPhone.safeParse(typed)
    if (!read.success) expect(read.error.issues[0]?.message).toMatch(error)
    else {
      const details = [{ path: 'body.phone', message: expect.stringMatching(error) }]
      expect(() => profilePhone(read.data, country)).toThrow(
        expect.objectContaining({
          refusal: expect.objectContaining({ body: expect.objectContaining({ details }) }),
        }),
      )
    }
  },
)
