import { outsideTrace } from './tracing/spans.ts'

/**
 * Batches the items of one tick: `answer` gets at most 256 items in their order and returns the answers in
 * the same order. Items with the same key are never in one batch. If `answer` rejects, all calls of the batch
 * do. The work belongs to no trace, since its items come from several.
 */
export function batchPerTick<Item, Answer>(
  answer: (items: readonly Item[]) => Promise<readonly Answer[]>,
  { keyOf }: { keyOf(item: Item): string },
): (item: Item) => Promise<Answer> {
  let open: Batch<Item, Answer> | null = null

  function begin(): Batch<Item, Answer> {
    const items = new Map<string, Item>()
    const answers = new Promise<readonly Answer[]>((resolve) => {
      setImmediate(() => {
        if (open?.items === items) open = null
        resolve(outsideTrace(() => answer([...items.values()])))
      })
    })
    return { items, answers }
  }

  return async (item) => {
    const key = keyOf(item)
    if (!open || open.items.size >= ITEMS_MAX || open.items.has(key)) open = begin()
    const { items, answers } = open
    const place = items.size
    items.set(key, item)
    return (await answers)[place] as Answer
  }
}

const ITEMS_MAX = 256

interface Batch<Item, Answer> {
  readonly items: Map<string, Item>
  readonly answers: Promise<readonly Answer[]>
}
