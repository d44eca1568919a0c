import { loadPorts } from '@boxoffice/stack'

export type Addresses = ReturnType<typeof loadAddresses>

/** Where the running system is: the ports of `npm start`, moved by the same variables. */
export function loadAddresses(environment: Record<string, string | undefined> = process.env) {
  const ports = loadPorts(environment)
  return { edge: `http://127.0.0.1:${ports.edge}`, mailbox: `http://127.0.0.1:${ports.mailbox}` }
}
