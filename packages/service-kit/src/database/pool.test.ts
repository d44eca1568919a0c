import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { connectionOptions } from './pool.ts'

const url = 'postgres://payment%2Dservice@payments.cluster.example:5433/payments'

test('a login by IAM takes a new token for its host and role, and trusts only Amazon’s CAs', async () => {
  const { host, port, user, database, password, ssl } = connectionOptions(url, 'iam')
  expect({ host, port, user, database }).toEqual({
    host: 'payments.cluster.example',
    port: 5433,
    user: 'payment-service',
    database: 'payments',
  })
  const token = await (password as () => Promise<string>)()
  expect(token).toMatch(
    /^payments\.cluster\.example:5433\/\?.*Action=connect.*DBUser=payment-service.*X-Amz-Signature=/,
  )
  const { ca, rejectUnauthorized } = ssl as { ca: string[]; rejectUnauthorized: boolean }
  expect(rejectUnauthorized).toBe(true)
  expect(ca.length).toBeGreaterThan(0)
  // Amazon Trust Services hosts both
  for (const pem of ca) expect(new X509Certificate(pem).issuer).toMatch(/Amazon|Starfield/)
})

test('a login by password uses the connection string unchanged', () => {
  expect(connectionOptions('postgres://a:b@127.0.0.1:5432/c', 'password')).toEqual({
    connectionString: 'postgres://a:b@127.0.0.1:5432/c',
  })
})
