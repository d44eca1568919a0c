import type { InvariantRoutes } from '@boxoffice/contracts'
import { type Database, type Foundation, mountRoutes } from '@boxoffice/service-kit'
import { checkInvariants } from './check-invariants.ts'
import type { Invariant } from './invariant.ts'
import { outboxInvariants } from './outbox-repository.ts'

type Results = Awaited<ReturnType<typeof checkInvariants>>

/**
 * Mounts `/ops/invariants` of a service: its own invariants and those of its outbox. Callers that come while
 * a check runs get its result.
 */
export function mountInvariants(
  app: Parameters<typeof mountRoutes>[0],
  routes: InvariantRoutes,
  deps: Pick<Foundation, 'authenticate' | 'idempotency' | 'now'> & { db: Database },
  invariants: readonly Invariant[] = [],
): void {
  let running: Promise<Results> | null = null
  const check = () => {
    running ??= checkInvariants(deps.db, [...invariants, ...outboxInvariants]).finally(() => {
      running = null
    })
    return running
  }
  mountRoutes(
    app,
    routes,
    {
      checkInvariants: async () => {
        const checkedAt = deps.now()
        return { status: 200, body: { checkedAt, invariants: await check() } }
      },
    },
    deps,
  )
}
