import { outsideTrace } from './tracing/spans.ts'

/**
 * What is asked in one turn of the event loop, answered together: `answer` gets the items in the order in
 * which they came, 256 at most, and answers each at its place. Items of one `keyOf` never meet in a batch.
 * When `answer` rejects, all of the batch do. The work is in no trace: whose would it be?
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
