import pc from 'picocolors'

let lastAt = performance.now()

/** Prints a line for a completed step, with the time since the previous line. */
export function show(what: string, detail = ''): void {
  const now = performance.now()
  const took = `${Math.round(now - lastAt)} ms`.padStart(8)
  lastAt = now
  console.log(`${pc.green('✔')} ${pc.dim(took)}  ${what}${detail ? `  ${pc.dim(detail)}` : ''}`)
}
