import * as z from 'zod'
import { defineRoute } from '../http/define-route.ts'
import { Instant } from '../values/text.ts'
import { REBUILD_ENDED, REBUILD_NOT_FOUND, REBUILD_RUNNING } from './refusals.ts'

/** A projection that is being made anew from the archived messages, or was. */
export const Rebuild = z.object({
  rebuildId: z.uuid(),
  generation: z.int().meta({ description: 'of the projection that is being made' }),
  status: z.enum(['RUNNING', 'DONE', 'CANCELLED']),
  sources: z
    .array(
      z.object({
        service: z.string(),
        taken: z.int().meta({ description: 'archived messages that were read' }),
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
    .meta({ description: 'why the last page could not be read or written: it is tried again' }),
})
export type Rebuild = z.output<typeof Rebuild>

/** The projection as operators see it. */
export const ProjectionFigures = z.object({
  generation: z.int().meta({ description: 'the one that is served' }),
  since: Instant.meta({ description: 'when it began to be' }),
  lagSeconds: z
    .number()
    .nullable()
    .meta({ description: 'about how far it is behind; null while that cannot be said' }),
  rebuild: Rebuild.nullable().meta({ description: 'the one at work, or the last' }),
})
export type ProjectionFigures = z.output<typeof ProjectionFigures>

const cli = { services: ['boxoffice-cli'] } as const
const params = z.object({ rebuildId: z.uuid() })

export const analyticsInternalRoutes = {
  startRebuild: defineRoute({
    method: 'POST',
    path: '/api/analytics/internal/rebuilds',
    summary: 'Make the projection anew beside the one that is served, which it replaces when it is complete',
    access: cli,
    responses: { 202: Rebuild },
    refusals: [REBUILD_RUNNING],
  }),
  findRebuild: defineRoute({
    method: 'GET',
    path: '/api/analytics/internal/rebuilds',
    summary: 'The projection that is served, and the rebuild at work or the last one',
    access: cli,
    responses: { 200: ProjectionFigures },
  }),
  getRebuild: defineRoute({
    method: 'GET',
    path: '/api/analytics/internal/rebuilds/:rebuildId',
    summary: 'How far a rebuild is',
    access: cli,
    params,
    responses: { 200: Rebuild },
    refusals: [REBUILD_NOT_FOUND],
  }),
  cancelRebuild: defineRoute({
    method: 'DELETE',
    path: '/api/analytics/internal/rebuilds/:rebuildId',
    summary: 'Throw away what was made of it; what is served stays',
    access: cli,
    params,
    responses: { 200: Rebuild },
    refusals: [REBUILD_NOT_FOUND, REBUILD_ENDED],
  }),
} as const

/** What operators ask of the projection, beside what they ask of every service. */
export const analyticsProjectionRoutes = {
  getProjection: defineRoute({
    method: 'GET',
    path: '/api/analytics/ops/projection',
    summary: 'The projection that is served, how far it is behind, and its last rebuild',
    access: 'admin',
    responses: { 200: ProjectionFigures },
  }),
} as const
