import { execaSync } from 'execa'
import { readTexts, root } from '../imports.ts'

/**
 * What the figures are taken of: every TypeScript and Markdown file by its path from the root, without
 * generated ones.
 */
export type Tree = ReadonlyMap<string, string>

const KINDS = ['*.ts', '*.md']

/** The files of the working tree, or of a revision: these come out of git, and nothing is checked out. */
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
 * What `git cat-file --batch` prints: `<id> blob <bytes>`, a line end, the bytes, a line end; again and
 * again.
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
