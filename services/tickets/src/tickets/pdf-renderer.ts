import path from 'node:path'
import { SERVICE_UNAVAILABLE } from '@boxoffice/contracts'
import { RefusedError, refuse } from '@boxoffice/service-kit'
import { Piscina } from 'piscina'
import type { PrintedTicket, ticketsFiles, ticketsPdf } from './pdf.ts'

/** `pdf.ts` beside this file, or `pdf.js` beside the bundle in the image. */
const PRINTER = new URL(`./pdf${path.extname(import.meta.filename)}`, import.meta.url).href

/**
 * Documents of at least this many pages are rendered in a thread of their own, so that small ones do not wait
 * for large ones.
 */
export const BULK_PAGES_MIN = 21
const QUEUE_MAX = 1_000
const BULK_QUEUE_MAX = 100

/** Renders tickets in worker threads: mails apart from downloads, so that neither waits for the other. */
export interface PdfRenderer {
  /** Renders a PDF for a mail, a page for each ticket, in order. Throws a 503 when the queue is full. */
  render(pages: readonly PrintedTicket[]): Promise<Uint8Array>
  /** Renders the PDF and an image of each code. */
  renderFiles(pages: readonly PrintedTicket[]): ReturnType<typeof ticketsFiles>
  /** Renders a PDF for a download. */
  renderDownload(pages: readonly PrintedTicket[]): Promise<Uint8Array>
  close(): Promise<void>
}

/**
 * Creates the renderer. A page costs milliseconds of CPU: on the event loop, the tickets of a sold-out event
 * would delay all buyers.
 */
export function createPdfRenderer(): PdfRenderer {
  const threads = {
    small: createThread(QUEUE_MAX),
    bulk: createThread(BULK_QUEUE_MAX),
    downloads: createThread(QUEUE_MAX),
  }
  const threadFor = (pages: readonly PrintedTicket[]) =>
    pages.length < BULK_PAGES_MIN ? threads.small : threads.bulk
  return {
    render: (pages) => threadFor(pages).run(pages, 'ticketsPdf'),
    renderFiles: (pages) => threadFor(pages).run(pages, 'ticketsFiles'),
    renderDownload: (pages) => threads.downloads.run(pages, 'ticketsPdf'),
    async close() {
      await Promise.all(Object.values(threads).map((thread) => thread.close()))
    },
  }
}

interface Printer {
  ticketsPdf: typeof ticketsPdf
  ticketsFiles: typeof ticketsFiles
}

/** A thread, which ends after some idle time. */
function createThread(queueMax: number) {
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
