import { RefusedError } from '@boxoffice/service-kit'
import { expect, test } from 'vitest'
import { createPasswords } from './passwords.ts'
import { formatPhc, parsePhc } from './phc.ts'

test('a password is a PHC string of argon2id: 19 MiB, two passes, one lane, a new salt', async () => {
  const passwords = createPasswords()
  const [one, other] = [await passwords.hash('correct horse'), await passwords.hash('correct horse')]
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  expect(other).not.toBe(one)
})

test('the right password is recognised, and no other', async () => {
  const passwords = createPasswords()
  const phc = await passwords.hash('zażółć γειά')
  expect(await passwords.verify('zażółć γειά', phc)).toBe(true)
  // as another keyboard composes it
  expect(await passwords.verify('zażółć γειά'.normalize('NFD'), phc)).toBe(true)
  expect(await passwords.verify('zazolc geia', phc)).toBe(false)
})

test('a hash by another implementation of argon2 is understood, at the cost that it names', async () => {
  // The reference implementation's own test:
  // `echo -n password | argon2 somesalt -id -t 2 -m 8 -p 1 -l 32 -v 13`, m = 256 KiB
  const phc = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'
  const passwords = createPasswords()
  expect(await passwords.verify('password', phc)).toBe(true)
  expect(await passwords.verify('Password', phc)).toBe(false)
})

test('without a hash, the same work is done and verification fails', async () => {
  const derived: object[] = []
  const passwords = createPasswords(async (_password, { memoryKib, passes, parallelism }) => {
    derived.push({ memoryKib, passes, parallelism })
    return Buffer.alloc(32)
  })
  expect(await passwords.verify('x', await passwords.hash('x'))).toBe(true)
  expect(await passwords.verify('x', null)).toBe(false)
  expect(derived).toEqual(Array(3).fill({ memoryKib: 19_456, passes: 2, parallelism: 1 }))
})

test('two passwords at most are hashed at once, and a crowd beyond the queue is refused', async () => {
  let running = 0
  let most = 0
  const passwords = createPasswords(async () => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setImmediate(resolve))
    running--
    return Buffer.alloc(32)
  })
  const outcomes = await Promise.allSettled(Array.from({ length: 203 }, () => passwords.hash('x')))
  expect(most).toBe(2)
  const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  expect(refusals).toEqual([expect.any(RefusedError)])
  expect(refusals[0]).toMatchObject({ refusal: { status: 503, headers: { 'retry-after': '1' } } })
})

test('a PHC string reads back as what it was made of, and anything else is refused', () => {
  const hash = {
    memoryKib: 64,
    passes: 3,
    parallelism: 2,
    salt: Buffer.from('0123456789abcdef'),
    tag: Buffer.alloc(32, 7),
  }
  expect(parsePhc(formatPhc(hash))).toEqual(hash)
  expect(() => parsePhc('$2b$12$abcdefghijklmnopqrstuv')).toThrow('PHC')
})
