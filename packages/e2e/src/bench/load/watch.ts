import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Spread, spreadOf } from '../statistics.ts'
import { placesOf } from './run-load.ts'

/** So many streams of server-sent events of one URL, for so long after the last was opened. */
export interface WatchJob {
  url: string
  /** Base URLs that streams are opened at in turn, instead of the URL's. */
  bases: readonly string[]
  watchers: number
  seconds: number
}

export interface WatchResult {
  opened: number
  /** Closed by the other side, or never opened. */
  lost: number
  events: number
  bytes: number
  /**
   * By how much the last watcher at an instance got a change after the first, in milliseconds, by change; NaN
   * where none reached all.
   */
  spread: Spread
  cpuMs: number
}

const OPENING_AT_ONCE = 200

/**
 * Streams are counted, not decoded: ten thousand of them share a process. A change is known by its bytes,
 * which are the same for everybody who watches.
 */
export async function watch(
  { url, bases, watchers, seconds }: WatchJob,
  onWatching: () => void,
): Promise<WatchResult> {
  const { host, pathname, search } = new URL(url)
  const places = placesOf(url, bases)
  const request = `GET ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\naccept: text/event-stream\r\n\r\n`
  const cpu = process.cpuUsage()
  const changes = new Map<string, { firstMs: number; lastMs: number; seen: number }>()
  let [begun, opened, lost, events, bytes] = [0, 0, 0, 0, 0]
  let measuring = false
  let ending = false
  const open = () =>
    new Promise<() => void>((resolve) => {
      const { hostname, port } = places[begun++ % places.length] as URL
      const socket = connect({ host: hostname, port: Number(port) })
      let isOpen = false
      socket.on('data', (chunk: Buffer) => {
        if (!isOpen) {
          isOpen = true
          if (chunk.toString('latin1', 9, 12) === '200') opened++
          else lost++
          resolve(() => socket.destroy())
        }
        if (!measuring) return
        bytes += chunk.length
        for (const key of changesIn(chunk)) note(key)
      })
      socket.on('error', () => {})
      socket.on('close', () => {
        if (!isOpen || !ending) lost++
        resolve(() => {})
      })
      socket.write(request)
    })
  const note = (key: string) => {
    events++
    const nowMs = performance.now()
    const known = changes.get(key)
    if (known) {
      known.lastMs = nowMs
      known.seen++
    } else changes.set(key, { firstMs: nowMs, lastMs: nowMs, seen: 1 })
  }
  const closers: (() => void)[] = []
  for (let left = watchers; left > 0; left -= OPENING_AT_ONCE)
    closers.push(...(await Promise.all(Array.from({ length: Math.min(left, OPENING_AT_ONCE) }, open))))
  measuring = true
  onWatching()
  await sleep(seconds * 1_000)
  measuring = false
  ending = true
  for (const close of closers) close()
  const { user, system } = process.cpuUsage(cpu)
  // Each instance sends its own changes to those who watch there.
  const seenByAll = [...changes.values()].filter(({ seen }) => seen >= (watchers / places.length) * 0.99)
  const spread = spreadOf(seenByAll.map(({ firstMs, lastMs }) => lastMs - firstMs))
  return { opened, lost, events, bytes, spread, cpuMs: (user + system) / 1_000 }
}

/** When a change was made stands in it, and is enough to know it by. */
function changesIn(chunk: Buffer): string[] {
  const text = chunk.toString('latin1')
  return text.includes('"changes"')
    ? [...text.matchAll(/"asOf":"([^"]+)"/g)].map(([, asOf]) => asOf ?? '')
    : []
}
