import { execaSync } from 'execa'
import { readTexts, root } from '../imports.ts'

/**
 * The input of the figures: every TypeScript and Markdown file by path from the root, without generated ones.
 */
export type Tree = ReadonlyMap<string, string>

const KINDS = ['*.ts', '*.md']

/** Reads the files of the working tree, or those of a revision from git, without a checkout. */
export function readTree(revision?: string): Tree {
  const all = revision === undefined ? readTexts(KINDS) : readRevision(revision)
  return new Map([...all].filter(([file]) => !file.includes('/generated/')))
}

function readRevision(revision: string): Tree {
  const { stdout } = execaSync('git', ['ls-tree', '-r', '--format=%(objectname) %(path)', revision], {
    cwd: root,
  })
  const rows = stdout
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)])
  const wanted = rows.flatMap(([id = '', file = '']) => (/\.(ts|md)$/.test(file) ? [{ id, file }] : []))
  const input = wanted.map(({ id }) => id).join('\n')
  const batch = execaSync('git', ['cat-file', '--batch'], {
    cwd: root,
    input,
    encoding: 'buffer',
    maxBuffer: 1e9,
  })
  return new Map(textsOf(Buffer.from(batch.stdout)).map((text, index) => [wanted[index]?.file ?? '', text]))
}

/**
 * Parses the output of `git cat-file --batch`: repeated `<id> blob <bytes>`, line end, the bytes, line end.
 */
export function textsOf(output: Buffer): string[] {
  const texts: string[] = []
  let at = 0
  while (at < output.length) {
    const lineEnd = output.indexOf('\n', at)
    if (lineEnd < 0) break
    const size = Number(output.toString('utf8', at, lineEnd).split(' ')[2])
    if (!Number.isInteger(size)) throw new Error(`git cat-file: ${output.toString('utf8', at, lineEnd)}`)
    texts.push(output.toString('utf8', lineEnd + 1, lineEnd + 1 + size))
    at = lineEnd + 1 + size + 1
  }
  return texts
}
