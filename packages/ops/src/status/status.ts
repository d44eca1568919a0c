import { createAws } from '@boxoffice/messaging'
import type { Config } from '../config.ts'
import type { Result } from '../framework/command.ts'
import type { Terminal } from '../terminal.ts'
import { collectReport } from './collect.ts'
import { documentOf, renderReport } from './render.ts'
import { findingsOf } from './report.ts'

const TIMEOUT_MS = 5_000

/**
 * Returns the state of the system; the exit code is 0 when all is well, 1 when something needs attention.
 */
export async function showStatus({ status }: Pick<Config, 'status'>, terminal: Terminal): Promise<Result> {
  const { urls, messaging } = status()
  const aws = createAws(messaging)
  try {
    const report = await collectReport({ urls, aws, timeoutMs: TIMEOUT_MS, now: terminal.now })
    return {
      text: renderReport(report, { colours: terminal.colours }),
      document: documentOf(report),
      exitCode: findingsOf(report).length === 0 ? 0 : 1,
    }
  } finally {
    aws.close()
  }
}
