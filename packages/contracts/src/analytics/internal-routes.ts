import * as z from 'zod'
import { defineRoute } from '../http/define-route.ts'
import { Instant } from '../values/text.ts'
import { REBUILD_ENDED, REBUILD_NOT_FOUND, REBUILD_RUNNING } from './refusals.ts'

/** A rebuild of the projection from the archived messages. */
export const Rebuild = z.object({
  rebuildId: z.uuid(),
  generation: z.int().meta({ description: 'of the projection being built' }),
  status: z.enum(['RUNNING', 'DONE', 'CANCELLED']),
  sources: z
    .array(
      z.object({
        service: z.string(),
        taken: z.int().meta({ description: 'archived messages read so far' }),
        total: z.int().nullable().meta({ description: 'null before the first page' }),
        finished: z.boolean(),
      }),
    )
    .meta({ description: 'whose archives' }),
  startedAt: Instant,
  endedAt: Instant.optional(),
  lastError: z
    .string()
    .optional()
    .meta({ description: 'why the last page could not be read or written; it will be retried' }),
})
export type Rebuild = z.output<typeof Rebuild>

/** The projection as operators see it. */
export const ProjectionFigures = z.object({
  generation: z.int().meta({ description: 'the served generation' }),
  since: Instant.meta({ description: 'when it was first served' }),
  lagSeconds: z
    .number()
    .nullable()
    .meta({ description: 'how far it is behind, approximately; null while unknown' }),
  rebuild: Rebuild.nullable().meta({ description: 'the running one, or the last' }),
})
export type ProjectionFigures = z.output<typeof ProjectionFigures>

const cli = { services: ['boxoffice-cli'] } as const
const params = z.object({ rebuildId: z.uuid() })

export const analyticsInternalRoutes = {
  startRebuild: defineRoute({
    method: 'POST',
    path: '/api/analytics/internal/rebuilds',
    summary: 'Rebuild the projection beside the one that is served, and replace that when complete',
    access: cli,
    responses: { 202: Rebuild },
    refusals: [REBUILD_RUNNING],
  }),
  findRebuild: defineRoute({
    method: 'GET',
    path: '/api/analytics/internal/rebuilds',
    summary: 'Get the served projection and its running or last rebuild',
    access: cli,
    responses: { 200: ProjectionFigures },
  }),
  getRebuild: defineRoute({
    method: 'GET',
    path: '/api/analytics/internal/rebuilds/:rebuildId',
    summary: 'Get the progress of a rebuild',
    access: cli,
    params,
    responses: { 200: Rebuild },
    refusals: [REBUILD_NOT_FOUND],
  }),
  cancelRebuild: defineRoute({
    method: 'DELETE',
    path: '/api/analytics/internal/rebuilds/:rebuildId',
    summary: 'Cancel a rebuild and discard what it has built; the served projection stays',
    access: cli,
    params,
    responses: { 200: Rebuild },
    refusals: [REBUILD_NOT_FOUND, REBUILD_ENDED],
  }),
} as const

/** Operators' routes of the projection, beside those of every service. */
export const analyticsProjectionRoutes = {
  getProjection: defineRoute({
    method: 'GET',
    path: '/api/analytics/ops/projection',
    summary: 'Get the served projection, its lag and its last rebuild',
    access: 'operator',
    responses: { 200: ProjectionFigures },
  }),
} as const
