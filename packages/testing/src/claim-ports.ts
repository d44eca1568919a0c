import { claimPort } from './ports.ts'

// Another process that claims ports, for the test of them; it lives, and keeps them, until it is killed.
process.send?.(await Promise.all(Array.from({ length: 100 }, claimPort)))
setInterval(() => {}, 1_000)
