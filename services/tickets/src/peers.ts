import { authInternalRoutes, eventsInternalRoutes, paymentsInternalRoutes } from '@boxoffice/contracts'
import { createInternalClient, type InternalClientOptions } from '@boxoffice/service-kit'
import type { Config } from './config.ts'

/** Creates clients of the other services, each with its breaker. */
export function createPeers(
  config: Config,
  foundation: Omit<InternalClientOptions, 'callee' | 'baseUrl' | 'policy'>,
) {
  const to = (callee: 'auth' | 'events' | 'payments', baseUrl: string) => ({
    ...foundation,
    callee,
    baseUrl,
    policy: config.policies[callee],
  })
  const { getUser, getUserByEmail } = authInternalRoutes
  const auth = createInternalClient({ getUser, getUserByEmail }, to('auth', config.authUrl))
  const events = createInternalClient(eventsInternalRoutes, to('events', config.eventsUrl))
  const payments = createInternalClient(paymentsInternalRoutes, to('payments', config.paymentsUrl))
  return {
    auth,
    events,
    payments,
    async close() {
      await Promise.all([auth.close(), events.close(), payments.close()])
    },
  }
}
