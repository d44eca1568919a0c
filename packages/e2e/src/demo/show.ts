import pc from 'picocolors'

let lastAt = performance.now()

/** One line for what has just happened, with the time since the line before. */
export function show(what: string, detail = ''): void {
  const now = performance.now()
  const took = `${Math.round(now - lastAt)} ms`.padStart(8)
  lastAt = now
  console.log(`${pc.green('✔')} ${pc.dim(took)}  ${what}${detail ? `  ${pc.dim(detail)}` : ''}`)
}
