import process from 'node:process'
import { parseArgs } from 'node:util'
import pc from 'picocolors'
import { loadAddresses } from '../config.ts'
import { showPurchase } from './purchase.ts'
import { showQueue } from './queue.ts'

// Shows a running system as its users see it: every step uses the public API and the mailbox.

const startedAt = performance.now()
try {
  const { values } = parseArgs({ options: { async: { type: 'boolean', default: false } } })
  const addresses = loadAddresses()
  const { edge, mailbox } = addresses
  await fetch(`${edge}/api/events?limit=1`).catch((cause) => {
    throw new Error(`no response from ${edge}; start the system first with npm start`, { cause })
  })
  await (values.async ? showQueue(addresses) : showPurchase(addresses))
  console.log(`\nDone in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s. The mail: ${mailbox}`)
} catch (error) {
  console.error(`${pc.red('✘')} ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
