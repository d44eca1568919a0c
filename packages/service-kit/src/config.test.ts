import { expect, test } from 'vitest'
import { z } from 'zod'
import { baseEnvironment } from './config.ts'
import { isSecret, secret, withPassword } from './environment.ts'

test('marks a schema as secret and keeps its description', () => {
  expect(isSecret(baseEnvironment.SERVICE_PRIVATE_KEY)).toBe(true)
  expect(isSecret(baseEnvironment.SERVICE_PUBLIC_KEYS)).toBe(false)
  expect(secret(z.string().describe('a key')).description).toBe('a key')
})

test('adds a password to a URL that has none', () => {
  expect(withPassword('rediss://holds.example:6379', 'p@ss/w%rd')).toBe(
    'rediss://:p%40ss%2Fw%25rd@holds.example:6379',
  )
  expect(withPassword('rediss://:own@holds.example:6379', 'other')).toBe('rediss://:own@holds.example:6379')
  expect(withPassword('redis://127.0.0.1:6379', undefined)).toBe('redis://127.0.0.1:6379')
})
