import {
  type ArchiveRoutes,
  eventsArchiveRoutes,
  paymentsArchiveRoutes,
  type Response,
  ticketsArchiveRoutes,
} from '@boxoffice/contracts'
import { createInternalClient, type InternalClientOptions } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { type Source, sources } from './rebuild.ts'

export type ArchivePage = Response<ArchiveRoutes['listArchived']>['body']

/** The message archives of the services. */
export interface Archives {
  /**
   * Reads a page of a service's messages, without retries. Rejects with ServiceUnavailable, also when
   * `signal` is aborted.
   */
  read(source: Source, cursor: string | null, limit: number, signal: AbortSignal): Promise<ArchivePage>
  close(): Promise<void>
}

export function createArchives(
  config: Pick<Config, 'eventsUrl' | 'ticketsUrl' | 'paymentsUrl' | 'policies'>,
  foundation: Omit<InternalClientOptions, 'callee' | 'baseUrl' | 'policy'>,
): Archives {
  const peer = (callee: Source, routes: ArchiveRoutes, baseUrl: string) =>
    createInternalClient(routes, { ...foundation, callee, baseUrl, policy: config.policies[callee] })
  const peers = {
    // The three routes differ only in their paths.
    events: peer('events', eventsArchiveRoutes, config.eventsUrl),
    tickets: peer('tickets', ticketsArchiveRoutes, config.ticketsUrl),
    payments: peer('payments', paymentsArchiveRoutes, config.paymentsUrl),
  }
  return {
    async read(source, cursor, limit, signal) {
      const { body } = await peers[source].listArchived({
        query: { topic: sources[source], limit, ...(cursor !== null && { cursor }) },
        signal,
      })
      return body
    },
    async close() {
      await Promise.all(Object.values(peers).map((client) => client.close()))
    },
  }
}
