import { loadPorts } from '@boxoffice/stack'

export type Addresses = ReturnType<typeof loadAddresses>

/**
 * Returns the addresses of the running system: the ports of `npm start`, overridden by the same variables.
 */
export function loadAddresses(environment: Record<string, string | undefined> = process.env) {
  const ports = loadPorts(environment)
  return { edge: `http://127.0.0.1:${ports.edge}`, mailbox: `http://127.0.0.1:${ports.mailbox}` }
}
