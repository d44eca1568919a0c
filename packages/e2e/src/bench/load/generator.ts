import { fork } from 'node:child_process'
import path from 'node:path'
import type { Load, LoadResult } from './run-load.ts'
import type { RequestTemplate } from './template.ts'
import type { WatchJob, WatchResult } from './watch.ts'

export type Job =
  | { kind: 'load'; template: RequestTemplate; load: Load; keepBodies: boolean; bases: readonly string[] }
  | ({ kind: 'watch' } & WatchJob)
export type Report =
  | { kind: 'load'; result: LoadResult }
  | { kind: 'watching' }
  | { kind: 'watch'; result: WatchResult }
  | { kind: 'failed'; message: string }

const PROGRAM = path.join(import.meta.dirname, 'generator-process.ts')

/**
 * Starts a load generator in its own process. It ends with `stop`, or with the parent. Requests to the first
 * of a service's `instances` (base URLs) are spread over all of them.
 */
export function startGenerator(instances: readonly (readonly string[])[] = []) {
  const child = fork(PROGRAM, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  function ask<K extends Report['kind']>(job: Job, kind: K, onOther: (report: Report) => void = () => {}) {
    return new Promise<Extract<Report, { kind: K }>>((resolve, reject) => {
      const take = (report: Report) => {
        if (report.kind !== kind && report.kind !== 'failed') return onOther(report)
        child.off('message', take)
        child.off('exit', lose)
        if (report.kind === kind) resolve(report as Extract<Report, { kind: K }>)
        else if (report.kind === 'failed') reject(new Error(report.message))
      }
      const lose = () => reject(new Error('the load generator exited'))
      child.on('message', take)
      child.once('exit', lose)
      child.send(job)
    })
  }
  const basesOf = (url: string) => instances.find(([first]) => url.startsWith(`${first}/`)) ?? []
  return {
    pid: child.pid ?? 0,
    /** Sends the template's requests as the load describes. */
    run: async (template: RequestTemplate, load: Load, keepBodies = false): Promise<LoadResult> =>
      (await ask({ kind: 'load', template, load, keepBodies, bases: basesOf(template.url) }, 'load')).result,
    /** Opens streams and counts their events; calls `onWatching` once all are open. */
    watch: async (job: Omit<WatchJob, 'bases'>, onWatching: () => void): Promise<WatchResult> =>
      (await ask({ kind: 'watch', ...job, bases: basesOf(job.url) }, 'watch', onWatching)).result,
    stop: async (): Promise<void> => {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.disconnect()
      await ended
    },
  }
}
export type Generator = ReturnType<typeof startGenerator>
