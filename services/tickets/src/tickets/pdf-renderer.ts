import path from 'node:path'
import { RefusedError, refuse } from '@boxoffice/service-kit'
import { Piscina } from 'piscina'
import type { PrintedTicket, ticketPdf } from './pdf.ts'

const QUEUE_MAX = 1_000
/** Beside us: `pdf.ts` here, `pdf.js` beside the one file that the image has of us. */
const PRINTER = new URL(`./pdf${path.extname(import.meta.filename)}`, import.meta.url).href

/** Renders tickets in a thread of its own. */
export interface PdfRenderer {
  /** The PDF of a ticket. Throws a 503 when too many wait already. */
  render(printed: PrintedTicket): Promise<Uint8Array>
  close(): Promise<void>
}

/**
 * A page costs tens of milliseconds of computing, most of it reading fonts: on the event loop the tickets of one sold-out
 * evening would make every buyer of the next one wait for their hold.
 */
export function createPdfRenderer(): PdfRenderer {
  const pool = new Piscina<PrintedTicket, Awaited<ReturnType<typeof ticketPdf>>>({
    filename: PRINTER,
    name: 'ticketPdf',
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: 30_000,
    maxQueue: QUEUE_MAX,
  })
  return {
    async render(printed) {
      if (pool.queueSize >= QUEUE_MAX)
        throw new RefusedError(refuse(503, 'SERVICE_UNAVAILABLE', 'too many tickets are being printed'))
      return pool.run(printed)
    },
    close: () => pool.destroy(),
  }
}
