import {
  type ArchiveRoutes,
  eventsArchiveRoutes,
  paymentsArchiveRoutes,
  type Response,
  ticketsArchiveRoutes,
} from '@boxoffice/contracts'
import { createGuard, createInternalClient, type Foundation } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { type Source, sources } from './rebuild.ts'

export type ArchivePage = Response<ArchiveRoutes['listArchived']>['body']

/** The archives of the services that the projection is made of. */
export interface Archives {
  /** A page of what a service has said, asked for once. Rejects with ServiceUnavailable, also where `signal` is aborted. */
  read(source: Source, cursor: string | null, limit: number, signal: AbortSignal): Promise<ArchivePage>
  close(): Promise<void>
}

export function createArchives(options: {
  config: Pick<Config, 'eventsUrl' | 'ticketsUrl' | 'paymentsUrl' | 'policies'>
  identity: Foundation['identity']
  metrics: Foundation['metrics']
}): Archives {
  const { config, identity, metrics } = options
  const peer = (callee: Source, routes: ArchiveRoutes, baseUrl: string) => {
    // Who rebuilds tries again by itself, later; a page must not take longer than the lease under which it is read.
    const { retry: _, ...policy } = config.policies[callee]
    const guard = createGuard(callee, policy, metrics)
    return { guard, client: createInternalClient(routes, { callee, baseUrl, identity, guard, policy }) }
  }
  const peers = {
    // The three routes differ in their paths alone.
    events: peer('events', eventsArchiveRoutes, config.eventsUrl),
    tickets: peer('tickets', ticketsArchiveRoutes, config.ticketsUrl),
    payments: peer('payments', paymentsArchiveRoutes, config.paymentsUrl),
  }
  return {
    async read(source, cursor, limit, signal) {
      const { body } = await peers[source].client.listArchived({
        query: { topic: sources[source], limit, ...(cursor !== null && { cursor }) },
        signal,
      })
      return body
    },
    async close() {
      for (const { guard } of Object.values(peers)) guard.close()
      await Promise.all(Object.values(peers).map(({ client }) => client.close()))
    },
  }
}
