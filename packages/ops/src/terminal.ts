/** Where a command writes: results to `out`, what went wrong to `error`. */
export interface Terminal {
  out(text: string): void
  error(text: string): void
  colours: boolean
  now: () => Date
}
