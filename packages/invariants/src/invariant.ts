/** Something that is always true of a service's database, checked by the rows that contradict it. */
export interface Invariant {
  /** Its number, as in the guarantees: `I1`. */
  readonly invariant: string
  readonly statement: string
  /** `WHEN_IDLE`: work in progress contradicts it for a while. */
  readonly holds: 'ALWAYS' | 'WHEN_IDLE'
  /** Selects the rows that contradict the statement; ids and counts, no personal data. */
  readonly sql: string
}
