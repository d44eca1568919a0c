import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Spread, spreadOf } from '../statistics.ts'
import { addressesOf } from './run-load.ts'

/**
 * Opens a number of server-sent event streams of one URL, and keeps them for a time after the last was
 * opened.
 */
export interface WatchJob {
  url: string
  /** Base URLs that streams alternate between, instead of the URL's. */
  bases: readonly string[]
  watchers: number
  seconds: number
}

export interface WatchResult {
  opened: number
  /** Closed by the server, or never opened. */
  lost: number
  events: number
  bytes: number
  /**
   * Per change, the milliseconds between its first and its last arrival among an instance's watchers; NaN if
   * no change reached all.
   */
  spread: Spread
  cpuMs: number
}

const OPENING_AT_ONCE = 200

/**
 * Counts streams' events without decoding them, because ten thousand streams share a process. A change is
 * recognised by its bytes, which are the same for every watcher.
 */
export async function watch(
  { url, bases, watchers, seconds }: WatchJob,
  onWatching: () => void,
): Promise<WatchResult> {
  const { host, pathname, search } = new URL(url)
  const places = addressesOf(url, bases)
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
  // Each instance sends its changes to its own watchers only.
  const seenByAll = [...changes.values()].filter(({ seen }) => seen >= (watchers / places.length) * 0.99)
  const spread = spreadOf(seenByAll.map(({ firstMs, lastMs }) => lastMs - firstMs))
  return { opened, lost, events, bytes, spread, cpuMs: (user + system) / 1_000 }
}

/** The timestamp in a change identifies it. */
function changesIn(chunk: Buffer): string[] {
  const text = chunk.toString('latin1')
  return text.includes('"changes"')
    ? [...text.matchAll(/"asOf":"([^"]+)"/g)].map(([, asOf]) => asOf ?? '')
    : []
}
