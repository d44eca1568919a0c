import path from 'node:path'
import { importsOf, isTest, roomOf } from '../imports.ts'
import type { Tree } from './tree.ts'

/**
 * Finds circular imports between the folders of a package or service (`services/tickets`, `infra`), types
 * included; returns each circle as the list of its folders. Files directly in `src` may import every feature
 * and are not counted; features must not import `dependencies.ts`, which is a separate rule.
 */
export function folderCircles(tree: Tree): string[][] {
  const edges = new Map<string, Set<string>>()
  for (const [file, source] of tree) {
    if (!file.endsWith('.ts') || isTest(file)) continue
    const from = featureOf(file)
    for (const name of from ? importsOf(file, source) : []) {
      const to = tree.has(name) ? featureOf(name) : null
      if (from && to && to !== from) edges.set(from, (edges.get(from) ?? new Set()).add(to))
    }
  }
  return circlesOf(edges)
}

/**
 * Returns the feature folder of a file, such as `services/tickets/src/holds`; null for a file directly in
 * `src`.
 */
export function featureOf(file: string): string | null {
  const feature = /^((?:infra|(?:packages|services)\/[^/]+)\/src\/[^/]+)\//.exec(file)?.[1] ?? null
  return feature
}

/** Returns each set of two or more nodes that reach each other (Tarjan's algorithm). */
export function circlesOf(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const seen = new Map<string, { index: number; low: number; open: boolean }>()
  const stack: string[] = []
  const circles: string[][] = []
  function visit(node: string) {
    const own = { index: seen.size, low: seen.size, open: true }
    seen.set(node, own)
    stack.push(node)
    for (const next of edges.get(node) ?? []) {
      const other = seen.get(next) ?? visit(next)
      if (other.open) own.low = Math.min(own.low, other.low)
    }
    if (own.low !== own.index) return own
    const circle = stack.splice(stack.indexOf(node))
    for (const member of circle) (seen.get(member) ?? own).open = false
    if (circle.length > 1) circles.push(circle.toSorted())
    return own
  }
  for (const node of edges.keys()) if (!seen.has(node)) visit(node)
  return circles.toSorted((a, b) => (a[0] ?? '').localeCompare(b[0] ?? ''))
}

/** Finds feature files that import their service's `dependencies.ts`, which imports them. */
export const importersOfDependencies = (tree: Tree): string[] =>
  [...tree]
    .filter(([file]) => file.endsWith('.ts') && !isTest(file) && featureOf(file) !== null)
    .filter(([file, source]) => importsOf(file, source).includes(`${roomSource(file)}/dependencies.ts`))
    .map(([file]) => file)

const roomSource = (file: string) => path.join(roomOf(file), 'src')

/**
 * Returns the files of the same package or service that a file imports, directly or indirectly, including
 * itself; `types` includes type imports.
 */
export function reachOf(tree: Tree, start: string, options: { types: boolean }): string[] {
  const reached = new Set([start])
  for (const file of reached)
    for (const name of importsOf(file, tree.get(file) ?? '', options)) if (tree.has(name)) reached.add(name)
  return [...reached]
}
