import {
  authInternalRoutes,
  authInvariantRoutes,
  authMailingRoutes,
  authOpsRoutes,
  authRoutes,
  authUsersRoutes,
  publicApi,
} from '@boxoffice/contracts'
import { mountInvariants } from '@boxoffice/invariants'
import { mountOps } from '@boxoffice/messaging'
import { checkDatabase, createServiceApp, mountMailedPages, mountRoutes } from '@boxoffice/service-kit'
import type { FastifyInstance } from 'fastify'
import { userHandlers } from './accounts/operator-routes.ts'
import { accountHandlers, accountInternalHandlers } from './accounts/routes.ts'
import { addressChangeHandlers } from './address-change/routes.ts'
import type { Dependencies } from './dependencies.ts'
import { newAddressPage } from './pages/new-address-page.ts'
import { oldAddressPage } from './pages/old-address-page.ts'
import { resetPasswordPage } from './pages/reset-password-page.ts'
import { verifyEmailPage } from './pages/verify-email-page.ts'
import { mailingHandlers } from './recovery/mailing-routes.ts'
import { recoveryHandlers } from './recovery/routes.ts'
import { sessionHandlers, sessionInternalHandlers } from './sessions/routes.ts'

export function buildApp(deps: Dependencies): FastifyInstance {
  const app = createServiceApp(deps, {
    config: deps.config,
    path: '/api/auth',
    title: 'Auth',
    description: 'Accounts, sessions, and the keys that verify access tokens.',
    routes: publicApi.auth,
    health: {
      database: { required: true, check: () => checkDatabase(deps.db) },
      messaging: deps.messaging.health,
    },
  })
  mountRoutes(
    app,
    authRoutes,
    {
      ...accountHandlers(deps),
      ...recoveryHandlers(deps),
      ...sessionHandlers(deps),
      ...addressChangeHandlers(deps),
    },
    deps,
  )
  mountRoutes(
    app,
    authInternalRoutes,
    { ...accountInternalHandlers(deps), ...sessionInternalHandlers(deps) },
    deps,
  )
  mountRoutes(app, authMailingRoutes, mailingHandlers(deps), deps)
  mountOps(app, authOpsRoutes, deps)
  mountInvariants(app, authInvariantRoutes, deps)
  mountRoutes(app, authUsersRoutes, userHandlers(deps), deps)
  mountMailedPages(app, [
    verifyEmailPage(deps),
    resetPasswordPage(deps),
    newAddressPage(deps),
    oldAddressPage(deps),
  ])
  return app
}
