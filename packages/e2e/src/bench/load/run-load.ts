import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Spread, spreadOf } from '../statistics.ts'
import { compileTemplate, type RequestTemplate } from './template.ts'
import { createWire, type Wire } from './wire.ts'

/**
 * Closed: each connection sends its next request when the previous one is answered. Open: requests are due
 * at set times, answered or not.
 */
export type Load =
  | { kind: 'closed'; connections: number; seconds?: number; requests?: number; firstIndex?: number }
  | { kind: 'open'; dueMs: readonly number[]; connectionsMax: number; firstIndex?: number }

export interface LoadResult {
  seconds: number
  requests: number
  /** Durations by status; in an open load they count from when the request was due. */
  answers: Record<string, Spread>
  /** Connection errors, by message. */
  errors: Record<string, number>
  /** Median size of a response body. */
  bodyBytes: number
  /** CPU of the generator. */
  cpuMs: number
  loopDelayP99Ms: number
  /** Response bodies, if requested. */
  bodies?: string[]
}

export interface LoadOptions {
  keepBodies?: boolean
  /** Base URLs that connections alternate between, instead of the template's. */
  bases?: readonly string[]
}

/** Sends requests made from a template; counts every status separately. */
export async function runLoad(
  template: RequestTemplate,
  load: Load,
  options: LoadOptions = {},
): Promise<LoadResult> {
  const { keepBodies = false, bases = [] } = options
  const requestOf = compileTemplate(template)
  const places = addressesOf(template.url.replaceAll(/\{\{\w+\}\}/g, 'x'), bases)
  const samples = new Map<string, number[]>()
  const errors: Record<string, number> = {}
  const bodies: string[] = []
  const sizes: number[] = []
  const delays = monitorEventLoopDelay({ resolution: 10 })
  delays.enable()
  const cpu = process.cpuUsage()
  const startedMs = performance.now()
  const wires: Wire[] = []
  const newWire = () => {
    const { hostname, port } = places[wires.length % places.length] as URL
    const wire = createWire(hostname, Number(port))
    wires.push(wire)
    return wire
  }
  let lastMs = startedMs
  const send = async (wire: Wire, index: number, dueMs = performance.now()): Promise<void> => {
    try {
      const { status, body, bytes } = await wire.send(requestOf(index), keepBodies)
      lastMs = performance.now()
      const known = samples.get(String(status))
      if (known) known.push(lastMs - dueMs)
      else samples.set(String(status), [lastMs - dueMs])
      sizes.push(bytes)
      if (body !== undefined) bodies.push(body)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      errors[message] = (errors[message] ?? 0) + 1
    }
  }
  const requests = await (load.kind === 'closed'
    ? runClosed(load, newWire, send)
    : runOpen(load, newWire, send))
  const seconds = (lastMs - startedMs) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  for (const wire of wires) wire.close()
  delays.disable()
  return {
    seconds,
    requests,
    answers: Object.fromEntries([...samples].map(([status, times]) => [status, spreadOf(times)])),
    errors,
    bodyBytes: spreadOf(sizes).p50Ms,
    cpuMs: (user + system) / 1_000,
    loopDelayP99Ms: Math.max(0, delays.percentile(99) / 1e6 - 10),
    ...(keepBodies && { bodies }),
  }
}

/** Returns the addresses that connections to a URL alternate between. */
export const addressesOf = (url: string, bases: readonly string[]): readonly URL[] =>
  (bases.length > 0 ? bases : [url]).map((each) => new URL(each))

type Send = (wire: Wire, index: number, dueMs?: number) => Promise<void>

async function runClosed(
  load: Extract<Load, { kind: 'closed' }>,
  newWire: () => Wire,
  send: Send,
): Promise<number> {
  const endMs = performance.now() + (load.seconds ?? Number.POSITIVE_INFINITY) * 1_000
  const { requests = Number.POSITIVE_INFINITY, firstIndex = 0 } = load
  let next = 0
  const work = async () => {
    const wire = newWire()
    while (next < requests && performance.now() < endMs) await send(wire, firstIndex + next++)
  }
  await Promise.all(Array.from({ length: load.connections }, work))
  return next
}

async function runOpen(
  load: Extract<Load, { kind: 'open' }>,
  newWire: () => Wire,
  send: Send,
): Promise<number> {
  const { dueMs, connectionsMax, firstIndex = 0 } = load
  const free: Wire[] = []
  const late: number[] = []
  let opened = 0
  const startMs = performance.now()
  const dueOf = (index: number) => startMs + (dueMs[index] ?? 0)
  async function serve(wire: Wire, index: number): Promise<void> {
    await send(wire, firstIndex + index, dueOf(index))
    for (let next = late.shift(); next !== undefined; next = late.shift())
      await send(wire, firstIndex + next, dueOf(next))
    free.push(wire)
  }
  const work: Promise<void>[] = []
  for (let index = 0; index < dueMs.length; index++) {
    const waitMs = dueOf(index) - performance.now()
    if (waitMs > 0) await sleep(waitMs)
    const wire = free.pop() ?? (opened++ < connectionsMax ? newWire() : undefined)
    if (wire) work.push(serve(wire, index))
    else late.push(index)
  }
  await Promise.all(work)
  return dueMs.length
}
