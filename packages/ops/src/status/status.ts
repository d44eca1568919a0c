import { createAws } from '@boxoffice/messaging'
import type { Config } from '../config.ts'
import type { Terminal } from '../terminal.ts'
import { collectReport } from './collect.ts'
import { renderJson, renderReport } from './render.ts'
import { findingsOf } from './report.ts'

const TIMEOUT_MS = 5_000

/**
 * Prints the state of the system; returns the exit code: 0 when all is well, 1 when something needs
 * attention.
 */
export async function showStatus(
  { status }: Pick<Config, 'status'>,
  options: { json: boolean },
  terminal: Terminal,
): Promise<0 | 1> {
  const { urls, messaging } = status()
  const aws = createAws(messaging)
  try {
    const report = await collectReport({ urls, aws, timeoutMs: TIMEOUT_MS, now: terminal.now })
    terminal.out(options.json ? renderJson(report) : renderReport(report, { colours: terminal.colours }))
    return findingsOf(report).length === 0 ? 0 : 1
  } finally {
    aws.close()
  }
}
