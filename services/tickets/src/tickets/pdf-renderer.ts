import path from 'node:path'
import { SERVICE_UNAVAILABLE } from '@boxoffice/contracts'
import { RefusedError, refuse } from '@boxoffice/service-kit'
import { Piscina } from 'piscina'
import type { PrintedTicket, ticketsFiles, ticketsPdf } from './pdf.ts'

/** Beside us: `pdf.ts` here, `pdf.js` beside the one file that the image has of us. */
const PRINTER = new URL(`./pdf${path.extname(import.meta.filename)}`, import.meta.url).href

/**
 * More pages than these are printed apart, in another thread: nobody's two tickets wait for somebody's three
 * hundred.
 */
export const BULK_PAGES_MIN = 21
const QUEUE_MAX = 1_000
const BULK_QUEUE_MAX = 100

/**
 * Renders tickets in threads of its own: what is mailed apart from what is downloaded, so that no mail waits
 * for downloads.
 */
export interface PdfRenderer {
  /**
   * For a mail: the PDF of tickets, a page each, in their order. Throws a 503 when too many documents wait
   * already.
   */
  render(pages: readonly PrintedTicket[]): Promise<Uint8Array>
  /** The same with a picture of each one's code. */
  renderFiles(pages: readonly PrintedTicket[]): ReturnType<typeof ticketsFiles>
  /** The same PDF for a reader who waits for it. */
  renderDownload(pages: readonly PrintedTicket[]): Promise<Uint8Array>
  close(): Promise<void>
}

/**
 * A page costs milliseconds of computing: on the event loop a sold-out evening's tickets would hold up every
 * buyer of the next.
 */
export function createPdfRenderer(): PdfRenderer {
  const lanes = {
    small: createLane(QUEUE_MAX),
    bulk: createLane(BULK_QUEUE_MAX),
    downloads: createLane(QUEUE_MAX),
  }
  const laneOf = (pages: readonly PrintedTicket[]) =>
    pages.length < BULK_PAGES_MIN ? lanes.small : lanes.bulk
  return {
    render: (pages) => laneOf(pages).run(pages, 'ticketsPdf'),
    renderFiles: (pages) => laneOf(pages).run(pages, 'ticketsFiles'),
    renderDownload: (pages) => lanes.downloads.run(pages, 'ticketsPdf'),
    async close() {
      await Promise.all(Object.values(lanes).map((lane) => lane.close()))
    },
  }
}

interface Printer {
  ticketsPdf: typeof ticketsPdf
  ticketsFiles: typeof ticketsFiles
}

/** One thread, which ends when it has had nothing to do for a while. */
function createLane(queueMax: number) {
  const pool = new Piscina({
    filename: PRINTER,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: 30_000,
    maxQueue: queueMax,
  })
  return {
    async run<N extends keyof Printer>(
      pages: readonly PrintedTicket[],
      name: N,
    ): Promise<Awaited<ReturnType<Printer[N]>>> {
      if (pool.queueSize >= queueMax)
        throw new RefusedError(refuse(SERVICE_UNAVAILABLE, { message: 'too many tickets are being printed' }))
      return pool.run(pages, { name })
    },
    close: () => pool.destroy(),
  }
}
