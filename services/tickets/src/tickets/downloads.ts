import type { UserId } from '@boxoffice/contracts'
import {
  type Cache,
  createRateLimitByKey,
  memoryKeys,
  networkOf,
  noReads,
  type Sql,
} from '@boxoffice/service-kit'
import { LRUCache } from 'lru-cache'
import { createMutexByKey } from '../holds/mutex-by-key.ts'
import type { CodeKey } from './codes.ts'
import type { PdfRenderer } from './pdf-renderer.ts'
import { type Print, pagesOf, printOf, versionOf } from './print.ts'
import type { StoredTicket } from './ticket.ts'

export type Download =
  | { outcome: 'printed'; etag: string; pdf: Uint8Array }
  /** The client has these bytes already. */
  | { outcome: 'unchanged'; etag: string }
  | { outcome: 'too-many'; waitSeconds: number }

export type DownloadTicket = (
  ticket: StoredTicket,
  reader: { ip: string; hasTag(etag: string): boolean },
) => Promise<Download>

/** About a hundred tickets. */
const KEPT_BYTES_MAX = 16 * 1_048_576
/** Longest wait for the user's earlier downloads; then 503. */
const MUTEX_WAIT_MS = 20_000

interface Deps {
  sql: Sql
  pdfs: Pick<PdfRenderer, 'renderDownload'>
  codeKey: CodeKey
  perMinute: { user: number; address: number }
}

/**
 * Returns the PDF of a ticket for its owner. The same PDF is made once for concurrent requests, and cached.
 * PDFs that have to be made are rate-limited by user and address. Each user has one at a time in the
 * rendering thread, so that many requests of one user delay only that user. `cache` is for operators.
 */
export function createDownloads({
  sql,
  pdfs,
  codeKey,
  perMinute,
}: Deps): DownloadTicket & { readonly cache: Cache } {
  const reads = noReads()
  const kept = new LRUCache<string, Uint8Array>({
    maxSize: KEPT_BYTES_MAX,
    sizeCalculation: ({ length }) => length,
  })
  const atWork = new Map<string, Promise<Uint8Array>>()
  const limits = {
    user: createRateLimitByKey({ perMinute: perMinute.user }),
    address: createRateLimitByKey({ perMinute: perMinute.address }),
  }
  const mutex = createMutexByKey<UserId>({ waitMs: MUTEX_WAIT_MS })

  function make(version: string, userId: UserId, print: Print): Promise<Uint8Array> {
    const making = mutex(userId, () => pdfs.renderDownload(pagesOf(print, codeKey)))
      .then((pdf) => {
        kept.set(version, pdf)
        return pdf
      })
      .finally(() => atWork.delete(version))
    atWork.set(version, making)
    return making
  }

  const download: DownloadTicket = async (ticket, reader) => {
    const print = await printOf(sql, [ticket])
    const version = versionOf(print, codeKey)
    const etag = `"${version}"`
    if (reader.hasTag(etag)) return { outcome: 'unchanged', etag }
    const known = kept.get(version) ?? atWork.get(version)
    reads[known ? 'hits' : 'misses']++
    if (known) return { outcome: 'printed', etag, pdf: await known }
    const waitSeconds = limits.user.take(ticket.userId) ?? limits.address.take(networkOf(reader.ip))
    if (waitSeconds !== null) return { outcome: 'too-many', waitSeconds }
    return { outcome: 'printed', etag, pdf: await make(version, ticket.userId, print) }
  }

  const keys = memoryKeys({ kept, shown: ({ length }) => ({ bytes: String(length) }) })
  return Object.assign(download, { cache: { name: 'ticket-pdfs', shared: false, reads, keys } })
}
