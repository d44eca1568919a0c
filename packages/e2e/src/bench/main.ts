import process from 'node:process'
import { benchOrders } from './orders/orders.ts'
import { benchPages } from './pages/pages.ts'
import { benchReads } from './reads/reads.ts'
import { machine } from './report.ts'
import { benchTelemetry } from './telemetry/telemetry.ts'

const benchmarks = { reads: benchReads, orders: benchOrders, pages: benchPages, telemetry: benchTelemetry }

const [name = ''] = process.argv.slice(2)
const benchmark = benchmarks[name as keyof typeof benchmarks]
if (benchmark) {
  machine()
  const kept = await benchmark()
  process.exitCode = kept ? 0 : 1
} else {
  console.error(
    `${name ? `there is no benchmark ${name}` : 'which benchmark?'}: npm run bench -- ${Object.keys(benchmarks).join('|')}`,
  )
  process.exitCode = 2
}
