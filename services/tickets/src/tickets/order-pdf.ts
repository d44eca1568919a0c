import type { OrderId } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import type { CodeKey } from './codes.ts'
import type { PdfRenderer } from './pdf-renderer.ts'
import { findPrintOfOrder, type Print, pagesOf, versionOf } from './print.ts'
import { findPrint, savePrint } from './print-repository.ts'

export type OrderPdf =
  | { outcome: 'printed'; version: string; pdf: Uint8Array }
  | { outcome: 'no-tickets' | 'not-printable' }
  /** The caller asked for another version than this. */
  | { outcome: 'changed'; version: string }

/**
 * A PDF of at least this many pages is stored: storing and reading a smaller one costs as much as making it
 * again.
 */
const KEPT_PAGES_MIN = 10

/**
 * Returns the PDF of an order's valid tickets, a page each. Concurrent callers share one rendering. Large
 * PDFs are stored, so that a retried mail costs only a read.
 */
export function createOrderPdfs(deps: { sql: Sql; pdfs: PdfRenderer; codeKey: CodeKey; pagesMax: number }) {
  const { sql, pdfs, codeKey } = deps
  const atWork = new Map<string, Promise<Uint8Array>>()

  async function make(orderId: OrderId, version: string, print: Print): Promise<Uint8Array> {
    const isKept = print.tickets.length >= KEPT_PAGES_MIN
    const kept = isKept ? await findPrint(sql, orderId, version) : null
    if (kept) return kept
    const pdf = await pdfs.render(pagesOf(print, codeKey))
    if (isKept) await savePrint(sql, { orderId, version, pdf })
    return pdf
  }

  return async (orderId: OrderId, wantedVersion?: string): Promise<OrderPdf> => {
    const print = await findPrintOfOrder(sql, orderId)
    if (!print) return { outcome: 'no-tickets' }
    const version = versionOf(print, codeKey)
    if (wantedVersion !== undefined && wantedVersion !== version) return { outcome: 'changed', version }
    if (print.tickets.length > deps.pagesMax) return { outcome: 'not-printable' }
    const key = `${orderId} ${version}`
    const making = atWork.get(key) ?? make(orderId, version, print).finally(() => atWork.delete(key))
    atWork.set(key, making)
    return { outcome: 'printed', version, pdf: await making }
  }
}
export type PrintOrder = ReturnType<typeof createOrderPdfs>
