/** The numbers of passed and failed tests. */
export interface Figures {
  passed: number
  failed: number
}

/** Returns the summary line of a run. */
export const closingLine = ({ passed, failed }: Figures) => `${passed} passed, ${failed} failed`
