import { createHash } from 'node:crypto'

/** Returns a generator of random numbers in [0, 1) that repeats for the same seed. */
export function createRandom(seed: number): () => number {
  let drawn = 0
  return () => createHash('sha256').update(`${seed} ${drawn++}`).digest().readUInt32BE() / 2 ** 32
}

/** Picks one of `things` with probability proportional to 1/rank: 1, 1/2, 1/3 … (Zipf). */
export function drawByRank<T>(things: readonly [T, ...T[]], random: () => number): T {
  const total = things.reduce((sum, _, index) => sum + 1 / (index + 1), 0)
  let left = random() * total
  for (const [index, thing] of things.entries()) {
    left -= 1 / (index + 1)
    if (left < 0) return thing
  }
  return things[0]
}
