import type { Plan, PlanRow, PlanSeat } from './plan.ts'

/** How many consecutive rows still count as together. */
const NEIGHBOURING_ROWS_MAX = 4

/** Adjacent free seats of one row. */
interface Run {
  readonly rowIndex: number
  readonly row: PlanRow
  readonly seats: readonly PlanSeat[]
}

/**
 * Returns the best `count` free seats, in plan order; null when fewer are free. Seats side by side in one row
 * come first: the row nearest the front, the most central seats in it, and no single seat left over where
 * that can be avoided. Otherwise in as few pieces as possible, within neighbouring rows if these suffice.
 * Accessible seats are used only when there are not enough others. `isFull` saves examining full rows seat by
 * seat.
 */
export function chooseBest(
  { rows }: Plan,
  isFree: IsUsable,
  count: number,
  isFull: (row: PlanRow) => boolean = () => false,
): PlanSeat[] | null {
  const hall = { rows, isFull }
  const isOrdinary = (seat: PlanSeat) => !seat.accessible && isFree(seat)
  const inFront = inFrontRow(hall, isOrdinary, count)
  if (inFront) return inFront
  const ordinary = runsOf(hall, isOrdinary)
  const runs = countOf(ordinary) >= count ? ordinary : runsOf(hall, isFree)
  if (countOf(runs) < count) return null
  const chosen = sideBySide(runs, count) ?? inNeighbouringRows(runs, count) ?? inPieces(runs, count)
  return chosen.sort((a, b) => a.index - b.index)
}

type IsUsable = (seat: PlanSeat) => boolean
interface Hall {
  readonly rows: readonly PlanRow[]
  isFull(row: PlanRow): boolean
}

/** Returns all runs in plan order. */
const runsOf = ({ rows, isFull }: Hall, isUsable: IsUsable): Run[] =>
  rows.flatMap((row, rowIndex) => (isFull(row) ? [] : runsOfRow(row, rowIndex, isUsable)))

function runsOfRow(row: PlanRow, rowIndex: number, isUsable: IsUsable): Run[] {
  const runs: Run[] = []
  let seats: PlanSeat[] = []
  for (const seat of row.seats) {
    if (!isUsable(seat)) seats = []
    else if (seats.push(seat) === 1) runs.push({ rowIndex, row, seats })
  }
  return runs
}

/**
 * Returns the best seats of the front-most row that leaves no seat alone: no other choice is better, and in
 * most halls one of the first rows has it.
 */
function inFrontRow({ rows, isFull }: Hall, isUsable: IsUsable, count: number): PlanSeat[] | null {
  for (const [rowIndex, row] of rows.entries()) {
    if (isFull(row)) continue
    const best = bestRun(runsOfRow(row, rowIndex, isUsable), count)
    if (best?.gaps === 0) return best.seats
  }
  return null
}

const countOf = (runs: readonly Run[]) => runs.reduce((count, { seats }) => count + seats.length, 0)

const sideBySide = (runs: readonly Run[], count: number) => bestRun(runs, count)?.seats ?? null

function bestRun(runs: readonly Run[], count: number): { seats: PlanSeat[]; gaps: number } | null {
  const [best] = runs
    .filter(({ seats }) => seats.length >= count)
    .map((run) => ({ run, ...bestPart(run, count) }))
    .sort((a, b) => a.gaps - b.gaps || a.run.rowIndex - b.run.rowIndex || a.offCentre - b.offCentre)
  return best ? { seats: best.run.seats.slice(best.from, best.from + count), gaps: best.gaps } : null
}

/**
 * Returns where in a run `count` seats are best: the fewest seats left alone, then nearest the middle of the
 * row.
 */
function bestPart({ row, seats }: Run, count: number): { from: number; gaps: number; offCentre: number } {
  const first = row.seats.indexOf(seats[0] as PlanSeat)
  const middle = (row.seats.length - 1) / 2
  const parts = Array.from({ length: seats.length - count + 1 }, (_, from) => ({
    from,
    gaps: (from === 1 ? 1 : 0) + (seats.length - count - from === 1 ? 1 : 0),
    offCentre: Math.abs(first + from + (count - 1) / 2 - middle),
  }))
  return parts.reduce((best, part) =>
    part.gaps < best.gaps || (part.gaps === best.gaps && part.offCentre < best.offCentre) ? part : best,
  )
}

/**
 * Returns the choice with the fewest pieces in consecutive rows; on a tie, fewer rows, then nearer the front.
 */
function inNeighbouringRows(runs: readonly Run[], count: number): PlanSeat[] | null {
  const byRow = Map.groupBy(runs, ({ rowIndex }) => rowIndex)
  let best: { seats: PlanSeat[]; pieces: number } | null = null
  for (let height = 1; height <= NEIGHBOURING_ROWS_MAX; height++) {
    for (const [rowIndex, [front]] of byRow) {
      const near = Array.from({ length: height }, (_, behind) => byRow.get(rowIndex + behind) ?? [])
        .flat()
        .filter(({ row }) => row.zoneId === front?.row.zoneId)
      if (countOf(near) < count) continue
      const longest = near.reduce((length, { seats }) => Math.max(length, seats.length), 0)
      if (best && Math.ceil(count / longest) >= best.pieces) continue // cannot be better
      const pieces = pick(near, count)
      if (!best || pieces.length < best.pieces) best = { seats: pieces.flat(), pieces: pieces.length }
    }
  }
  return best?.seats ?? null
}

const inPieces = (runs: readonly Run[], count: number): PlanSeat[] => pick(runs, count).flat()

/**
 * Returns `count` seats of these runs in as few pieces as possible: the longest runs, and the shortest that
 * fits the rest.
 */
function pick(runs: readonly Run[], count: number): PlanSeat[][] {
  const longestFirst = runs.toSorted((a, b) => b.seats.length - a.seats.length || a.rowIndex - b.rowIndex)
  const pieces: PlanSeat[][] = []
  let missing = count
  for (const [index, run] of longestFirst.entries()) {
    const rest = longestFirst.slice(index).filter(({ seats }) => seats.length >= missing)
    const last = rest.at(-1)
    if (last) {
      const { from } = bestPart(last, missing)
      return [...pieces, last.seats.slice(from, from + missing)]
    }
    pieces.push([...run.seats])
    missing -= run.seats.length
  }
  throw new Error(`${missing} of ${count} seats are missing`)
}
