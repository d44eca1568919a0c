import { claimPort } from './ports.ts'

// Claims ports in another process for the test; it keeps them until it is killed.
process.send?.(await Promise.all(Array.from({ length: 100 }, claimPort)))
setInterval(() => {}, 1_000)
