import { execa } from 'execa'
import { loadPorts } from '../../packages/stack/src/ports.ts'
import { makeLocalStackImage } from './base-images.ts'
import { createComposition } from './composition.ts'
import type { Run } from './system.ts'

/** Runs `STACK=docker npm test`, of these files or of all, on an engine. Rejects when a test fails. */
export async function runTests({ engine, report, env, files }: Run): Promise<void> {
  if (engine.made)
    await report.step('SNS and SQS as an image', async () => {
      const options = { project: 'boxoffice', ports: loadPorts({}), standin: true, env }
      await createComposition(engine, options).compose(['build', 'aws'])
      await makeLocalStackImage(engine)
    })
  await report.step('tests', async ({ saw }) => {
    const ryuk = engine.made ? { TESTCONTAINERS_RYUK_DISABLED: 'true' } : {}
    const npm = execa('npm', ['test', ...(files.length > 0 ? ['--', ...files] : [])], {
      env: { ...engine.env, ...ryuk, STACK: 'docker' },
      stdout: ['inherit', 'pipe'],
      stderr: 'inherit',
      reject: false,
    })
    const { stdout, exitCode } = await npm
    saw(/^\d+ passed, .*$/m.exec(stdout)?.[0] ?? 'no result')
    if (exitCode !== 0) throw new Error('tests failed')
  })
}
