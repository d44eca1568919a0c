import { serveUntilTold } from '../child.ts'
import { startTraceCollector } from './collector.ts'

const collector = await startTraceCollector({ port: Number(process.env.PORT) })
serveUntilTold(collector.stop)
