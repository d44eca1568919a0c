import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Spread, spreadOf } from '../statistics.ts'
import { compileTemplate, type RequestTemplate } from './template.ts'
import { createWire, type Wire } from './wire.ts'

/**
 * Closed: each connection sends its next request when it was answered. Open: requests are due at set times,
 * answered or not.
 */
export type Load =
  | { kind: 'closed'; connections: number; seconds?: number; turns?: number; firstTurn?: number }
  | { kind: 'open'; dueMs: readonly number[]; connectionsMax: number; firstTurn?: number }

export interface LoadResult {
  seconds: number
  turns: number
  /** By status: what the answers took; of an open load from when they were due. */
  answers: Record<string, Spread>
  /** Errors of connections, by message. */
  errors: Record<string, number>
  /** Median size of a body. */
  bodyBytes: number
  /** Of the generator itself. */
  cpuMs: number
  loopDelayP99Ms: number
  /** Bodies of answers, where they were asked for. */
  bodies?: string[]
}

export interface LoadOptions {
  keepBodies?: boolean
  /** Base URLs that connections go to in turn, instead of the template's. */
  bases?: readonly string[]
}

/** Sends requests made of a template; counts every status apart. */
export async function runLoad(
  template: RequestTemplate,
  load: Load,
  options: LoadOptions = {},
): Promise<LoadResult> {
  const { keepBodies = false, bases = [] } = options
  const requestOf = compileTemplate(template)
  const places = placesOf(template.url.replaceAll(/\{\{\w+\}\}/g, 'x'), bases)
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
  const send = async (wire: Wire, turn: number, dueMs = performance.now()): Promise<void> => {
    try {
      const { status, body, bytes } = await wire.send(requestOf(turn), keepBodies)
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
  const turns = await (load.kind === 'closed' ? runClosed(load, newWire, send) : runOpen(load, newWire, send))
  const seconds = (lastMs - startedMs) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  for (const wire of wires) wire.close()
  delays.disable()
  return {
    seconds,
    turns,
    answers: Object.fromEntries([...samples].map(([status, times]) => [status, spreadOf(times)])),
    errors,
    bodyBytes: spreadOf(sizes).p50Ms,
    cpuMs: (user + system) / 1_000,
    loopDelayP99Ms: Math.max(0, delays.percentile(99) / 1e6 - 10),
    ...(keepBodies && { bodies }),
  }
}

/** Where connections for a URL go, in turn. */
export const placesOf = (url: string, bases: readonly string[]): readonly URL[] =>
  (bases.length > 0 ? bases : [url]).map((each) => new URL(each))

type Send = (wire: Wire, turn: number, dueMs?: number) => Promise<void>

async function runClosed(
  load: Extract<Load, { kind: 'closed' }>,
  newWire: () => Wire,
  send: Send,
): Promise<number> {
  const endMs = performance.now() + (load.seconds ?? Number.POSITIVE_INFINITY) * 1_000
  const { turns = Number.POSITIVE_INFINITY, firstTurn = 0 } = load
  let next = 0
  const work = async () => {
    const wire = newWire()
    while (next < turns && performance.now() < endMs) await send(wire, firstTurn + next++)
  }
  await Promise.all(Array.from({ length: load.connections }, work))
  return next
}

async function runOpen(
  load: Extract<Load, { kind: 'open' }>,
  newWire: () => Wire,
  send: Send,
): Promise<number> {
  const { dueMs, connectionsMax, firstTurn = 0 } = load
  const free: Wire[] = []
  const late: number[] = []
  let opened = 0
  const startMs = performance.now()
  const dueOf = (turn: number) => startMs + (dueMs[turn] ?? 0)
  async function serve(wire: Wire, turn: number): Promise<void> {
    await send(wire, firstTurn + turn, dueOf(turn))
    for (let next = late.shift(); next !== undefined; next = late.shift())
      await send(wire, firstTurn + next, dueOf(next))
    free.push(wire)
  }
  const work: Promise<void>[] = []
  for (let turn = 0; turn < dueMs.length; turn++) {
    const waitMs = dueOf(turn) - performance.now()
    if (waitMs > 0) await sleep(waitMs)
    const wire = free.pop() ?? (opened++ < connectionsMax ? newWire() : undefined)
    if (wire) work.push(serve(wire, turn))
    else late.push(turn)
  }
  await Promise.all(work)
  return dueMs.length
}
