import { type Routes, type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import type { Handlers } from '@boxoffice/service-kit'
import { createTestAuthority, startPeer } from '@boxoffice/service-kit/testing'
import { claimPort } from '@boxoffice/testing'

/** A service that answers these routes as a test says. */
export interface Stub {
  service: ServiceKey
  start(): Promise<{ url: string; close(): Promise<unknown> }>
}
export const stub = <T extends Routes>(service: ServiceKey, routes: T, handlers: Handlers<T>): Stub => ({
  service,
  start: () => startPeer(routes, handlers as never),
})

/** Starts stubs of some services; the others are unavailable. Returns the environment of the command line. */
export async function startStubs(...stubs: Stub[]) {
  const { SERVICE_PRIVATE_KEY = '' } = (await createTestAuthority()).environment('boxoffice-cli')
  const nowhere = `http://127.0.0.1:${await claimPort()}`
  const started = await Promise.all(stubs.map(async (each) => ({ ...each, ...(await each.start()) })))
  const urlOf = (key: ServiceKey) => started.find(({ service }) => service === key)?.url ?? nowhere
  return {
    env: {
      ...Object.fromEntries(serviceKeys.map((key) => [`${key.toUpperCase()}_URL`, urlOf(key)])),
      SERVICE_PRIVATE_KEY,
    },
    close: () => Promise.all(started.map(({ close }) => close())),
  }
}
