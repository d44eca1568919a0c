import { setTimeout as sleep } from 'node:timers/promises'
import { serveUntilTold } from '../child.ts'
import { loadConfig } from './config.ts'
import { createEdge } from './edge.ts'

/** The longest time for responses in progress when the edge stops; an event stream never ends by itself. */
const DRAIN_MS_MAX = 1_500

const { host, port, ...options } = loadConfig(process.env)
const edge = await createEdge(options)
await edge.listen({ host, port })
serveUntilTold(() => Promise.race([edge.close(), sleep(DRAIN_MS_MAX)]))
