import { setTimeout as sleep } from 'node:timers/promises'
import { serveUntilTold } from '../child.ts'
import { createEdge } from './edge.ts'

/** How long answers in progress may take when we are told to stop; a stream of events never ends by itself. */
const DRAIN_MS_MAX = 1_500

const edge = await createEdge({
  upstreams: JSON.parse(String(process.env.UPSTREAMS)),
  mailboxUrl: String(process.env.MAILBOX_URL),
  smsUrl: String(process.env.SMS_URL),
})
await edge.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
serveUntilTold(() => Promise.race([edge.close(), sleep(DRAIN_MS_MAX)]))
