import { authInternalRoutes, eventsInternalRoutes, paymentsInternalRoutes } from '@boxoffice/contracts'
import { createGuard, createInternalClient, type Foundation } from '@boxoffice/service-kit'
import type { Config } from './config.ts'

/** Clients of the services that are asked, each with its breaker. */
export function createPeers(config: Config, { identity, metrics }: Pick<Foundation, 'identity' | 'metrics'>) {
  const guards = { auth: guardOf('auth'), events: guardOf('events'), payments: guardOf('payments') }
  function guardOf(callee: 'auth' | 'events' | 'payments') {
    return createGuard(callee, config.policies[callee], metrics)
  }
  const about = (callee: keyof typeof guards) => ({ callee, identity, guard: guards[callee], policy: config.policies[callee] })
  const { getUserByEmail } = authInternalRoutes
  const auth = createInternalClient({ getUserByEmail }, { ...about('auth'), baseUrl: config.authUrl })
  const events = createInternalClient(eventsInternalRoutes, { ...about('events'), baseUrl: config.eventsUrl })
  const payments = createInternalClient(paymentsInternalRoutes, { ...about('payments'), baseUrl: config.paymentsUrl })
  return {
    auth,
    events,
    payments,
    async close() {
      for (const guard of Object.values(guards)) guard.close()
      await Promise.all([auth.close(), events.close(), payments.close()])
    },
  }
}
