import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { SERVICE_UNAVAILABLE } from '@boxoffice/contracts'
import { createConcurrencyLimit, RefusedError, refuse } from '@boxoffice/service-kit'
import { formatPhc, type PasswordHash, parsePhc } from './phc.ts'

export interface Passwords {
  /** The PHC string to keep of a password. */
  hash(password: string): Promise<string>
  /**
   * Whether a password is the one of `phc`. Without one (nobody has that address) it takes as long and
   * answers false.
   */
  verify(password: string, phc: string | null): Promise<boolean>
}

type Derive = (password: string, hash: Omit<PasswordHash, 'tag'>) => Promise<Buffer>

/** OWASP's least memory for argon2id: 19 MiB, two passes, one lane; some 40 ms of one core. */
const COST = { memoryKib: 19_456, passes: 2, parallelism: 1 } as const
const SALT_BYTES = 16
const TAG_BYTES = 32
/** Each takes a core and 19 MiB: with more at once a crowd that signs in would starve everything else. */
const CONCURRENT_MAX = 2
/** About four seconds of waiting: whoever comes later is asked to come back. */
const WAITING_MAX = 200

const argon2Async = promisify(argon2)

// The same characters typed on different keyboards may arrive composed or decomposed.
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

/** Rejects with a 503 when too many wait already. `derive` is argon2id where no other is given. */
export function createPasswords(derive: Derive = deriveTag): Passwords {
  const limit = createConcurrencyLimit({
    concurrent: CONCURRENT_MAX,
    waitingMax: WAITING_MAX,
    refusal: tooMany,
  })
  const limited: Derive = (password, hash) => limit.run(() => derive(password, hash))
  // The hash of no password: verifying against it costs what every other costs.
  const nobody: PasswordHash = { ...COST, salt: randomBytes(SALT_BYTES), tag: randomBytes(TAG_BYTES) }

  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES)
      return formatPhc({ ...COST, salt, tag: await limited(password, { ...COST, salt }) })
    },
    async verify(password, phc) {
      const expected = phc === null ? nobody : parsePhc(phc)
      const tag = await limited(password, expected)
      return tag.length === expected.tag.length && timingSafeEqual(tag, expected.tag)
    },
  }
}
