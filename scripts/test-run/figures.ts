/** How many tests passed and failed. */
export interface Figures {
  passed: number
  failed: number
}

/** The line that readers of a run look for. */
export const closingLine = ({ passed, failed }: Figures) => `${passed} passed, ${failed} failed`
