import { existsSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { failureOf, InputError } from '../failure.ts'
import type { Terminal } from '../terminal.ts'

/** Where archived letters go; nothing is there under its name before `close`, or before a full object. */
export interface Archive {
  readonly name: string
  write(lines: readonly string[]): Promise<void>
  close(): Promise<void>
  /** Removes what is not complete; the letters are still in their queues. */
  discard(): Promise<void>
}

const LINES_PER_OBJECT = 1_000

/**
 * Opens the target of `--to`: a file, or `s3://bucket/prefix`. Without it, the bucket of the environment, or
 * a file in `.boxoffice`.
 */
export async function createArchive(
  to: string | undefined,
  bucket: string | undefined,
  { now, folder }: Pick<Terminal, 'now' | 'folder'>,
): Promise<Archive> {
  const stamp = now().toISOString().replace(/[:.]/g, '-')
  const [, given, prefix = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(to ?? '') ?? []
  if (to?.startsWith('s3:') && !given)
    throw new InputError(`${to} is not an S3 address: write s3://bucket/prefix`)
  if (given) return createS3Archive(given, prefix, stamp)
  if (to === undefined && bucket) return createS3Archive(bucket, 'dead-letters', stamp)
  return createFile(path.resolve(folder, to ?? `.boxoffice/dead-letters/${stamp}.jsonl`))
}

/** The file gets its name when it is whole; an existing one is not overwritten. */
async function createFile(file: string): Promise<Archive> {
  try {
    await mkdir(path.dirname(file), { recursive: true })
    await (await open(file, 'wx', 0o600)).close() // reserves the name
  } catch (error) {
    throw new InputError(
      existsSync(file) ? `${file} exists already` : `${file} cannot be written: ${failureOf(error)}`,
    )
  }
  const unfinished = `${file}.unfinished`
  const handle = await open(unfinished, 'w', 0o600)
  let lines = 0
  return {
    name: file,
    async write(more) {
      lines += more.length
      await handle.appendFile(more.map((line) => `${line}\n`).join(''))
    },
    async close() {
      await handle.sync()
      await handle.close()
      if (lines > 0) return rename(unfinished, file)
      await Promise.all([rm(unfinished), rm(file)])
    },
    async discard() {
      await handle.close().catch(() => {}) // it may be closed already
      await Promise.all([rm(unfinished, { force: true }), rm(file, { force: true })])
    },
  }
}

/** Objects of up to a thousand letters each. */
async function createS3Archive(Bucket: string, prefix: string, stamp: string): Promise<Archive> {
  const { PutObjectCommand, S3Client } = await import('@aws-sdk/client-s3')
  const s3 = new S3Client({})
  const folder = [prefix.replace(/\/$/, ''), stamp].filter(Boolean).join('/')
  let [lines, objects]: [string[], number] = [[], 0]
  async function put() {
    const Key = `${folder}/${String(++objects).padStart(4, '0')}.jsonl`
    const Body = lines.map((line) => `${line}\n`).join('')
    await s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: 'application/x-ndjson' }))
    lines = []
  }
  return {
    name: `s3://${Bucket}/${folder}`,
    async write(more) {
      lines.push(...more)
      if (lines.length >= LINES_PER_OBJECT) await put()
    },
    async close() {
      if (lines.length > 0) await put()
      s3.destroy()
    },
    discard: async () => s3.destroy(), // each object is complete
  }
}
