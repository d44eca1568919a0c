import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { SERVICE_UNAVAILABLE } from '@boxoffice/contracts'
import { createConcurrencyLimit, RefusedError, refuse } from '@boxoffice/service-kit'
import { formatPhc, type PasswordHash, parsePhc } from './phc.ts'

export interface Passwords {
  /** Hashes a password as a PHC string. */
  hash(password: string): Promise<string>
  /** Verifies a password. With `phc` null (unknown address) it takes as long and returns false. */
  verify(password: string, phc: string | null): Promise<boolean>
}

type Derive = (password: string, hash: Omit<PasswordHash, 'tag'>) => Promise<Buffer>

/** OWASP's minimum memory for argon2id: 19 MiB, two passes, one lane; about 40 ms of one core. */
const COST = { memoryKib: 19_456, passes: 2, parallelism: 1 } as const
const SALT_BYTES = 16
const TAG_BYTES = 32
/** Each takes a core and 19 MiB: more at once would starve everything else. */
const CONCURRENT_MAX = 2
/** About four seconds of queue; later requests get a 503. */
const WAITING_MAX = 200

const argon2Async = promisify(argon2)

// Normalize: the same characters may arrive composed or decomposed from different keyboards.
const deriveTag: Derive = (password, { memoryKib, passes, parallelism, salt }) =>
  argon2Async('argon2id', {
    message: password.normalize('NFKC'),
    nonce: salt,
    memory: memoryKib,
    passes,
    parallelism,
    tagLength: TAG_BYTES,
  })

const tooMany = () =>
  new RefusedError(
    refuse(SERVICE_UNAVAILABLE, { message: 'too many people sign in right now: try again shortly' }),
  )

/** Creates the password hasher. Rejects with a 503 if too many wait. `derive` defaults to argon2id. */
export function createPasswords(derive: Derive = deriveTag): Passwords {
  const limit = createConcurrencyLimit({
    concurrent: CONCURRENT_MAX,
    waitingMax: WAITING_MAX,
    refusal: tooMany,
  })
  const limited: Derive = (password, hash) => limit.run(() => derive(password, hash))
  // A hash that no password has; verifying against it takes the usual time.
  const unmatchable: PasswordHash = { ...COST, salt: randomBytes(SALT_BYTES), tag: randomBytes(TAG_BYTES) }

  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES)
      return formatPhc({ ...COST, salt, tag: await limited(password, { ...COST, salt }) })
    },
    async verify(password, phc) {
      const expected = phc === null ? unmatchable : parsePhc(phc)
      const tag = await limited(password, expected)
      return tag.length === expected.tag.length && timingSafeEqual(tag, expected.tag)
    },
  }
}
