import { EventEmitter } from 'node:events'
import type { UserId } from '@boxoffice/contracts'
import { expect, test } from 'vitest'
import type { UserPrincipal } from './authentication.ts'
import { createStreamLimits } from './stream-limits.ts'

const signedIn = (userId: string) => ({ userId: userId as UserId }) as UserPrincipal

function openAt(
  limits: ReturnType<typeof createStreamLimits>,
  ip: string,
  principal: UserPrincipal | null = null,
) {
  const raw = Object.assign(new EventEmitter(), { destroyed: false })
  const refusal = limits.enter({ ip }, { raw } as never, principal)
  return { refusal, close: () => raw.emit('close') }
}

test('counts streams per address, per network for IPv6, until each ends', () => {
  const limits = createStreamLimits({ perUser: 10, perAddress: 2 })
  const [first] = [openAt(limits, '2001:db8:1:2::1'), openAt(limits, '2001:db8:1:2::2')]
  const third = openAt(limits, '2001:db8:1:2::3')
  expect(third.refusal).toMatchObject({
    status: 429,
    body: { error: 'RATE_LIMITED' },
    headers: { 'retry-after': '10' },
  })
  expect(openAt(limits, '2001:db8:1:3::1').refusal).toBeNull()
  third.close()
  expect(openAt(limits, '2001:db8:1:2::3').refusal).not.toBeNull()
  first?.close()
  expect(openAt(limits, '2001:db8:1:2::3').refusal).toBeNull()
  expect(openAt(limits, '2001:db8:1:2::3').refusal).not.toBeNull()
})

test('counts streams of a user across addresses, without refusing others at the same address', () => {
  const limits = createStreamLimits({ perUser: 2, perAddress: 4 })
  const ada = signedIn('ada')
  const first = openAt(limits, '192.0.2.1', ada)
  openAt(limits, '192.0.2.2', ada)
  expect(openAt(limits, '192.0.2.3', ada).refusal).toMatchObject({ status: 429 })
  expect(openAt(limits, '192.0.2.1', signedIn('grace')).refusal).toBeNull()
  expect(openAt(limits, '192.0.2.1').refusal).toBeNull()
  first.close()
  expect(openAt(limits, '192.0.2.3', ada).refusal).toBeNull()
})

test('does not count a stream whose client has gone already', () => {
  const limits = createStreamLimits({ perUser: 1, perAddress: 1 })
  expect(limits.enter({ ip: '192.0.2.1' }, { raw: { destroyed: true } } as never, null)).toBeNull()
  expect(openAt(limits, '192.0.2.1').refusal).toBeNull()
})
