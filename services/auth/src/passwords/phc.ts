/** A password hash with its parameters. `memoryKib` in KiB. */
export interface PasswordHash {
  memoryKib: number
  passes: number
  parallelism: number
  salt: Buffer
  tag: Buffer
}

const unpadded = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
const pattern = /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

/**
 * Formats a hash as a PHC string, `$argon2id$v=19$m=…,t=…,p=…$salt$tag`, which every argon2 library reads.
 */
export const formatPhc = ({ memoryKib, passes, parallelism, salt, tag }: PasswordHash): string =>
  `$argon2id$v=19$m=${memoryKib},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`

/** Parses a PHC string. Throws unless it is argon2id of version 19. */
export function parsePhc(phc: string): PasswordHash {
  const [, memoryKib, passes, parallelism, salt, tag] = pattern.exec(phc) ?? []
  if (!salt || !tag) throw new Error('a stored password hash is not an argon2id PHC string')
  return {
    memoryKib: Number(memoryKib),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  }
}
