import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'

const root = path.join(import.meta.dirname, '..')

/** Runs the program behind `npm test`; it may read only this folder, so that it finds no Docker socket. */
function check(stack: string) {
  const permissions = ['--no-warnings', '--permission', `--allow-fs-read=${root}`]
  const env = { PATH: '', HOME: '/nowhere', STACK: stack }
  return spawnSync(process.execPath, [...permissions, 'scripts/check.ts'], {
    cwd: root,
    env,
    encoding: 'utf8',
  })
}

test('without a Docker engine, STACK=docker reports it, runs nothing, and counts as one failure', () => {
  const { status, stdout, stderr } = check('docker')
  expect(stderr).toMatch(
    /^STACK=docker runs the tests on containers, and no Docker engine answers here: [^\n]*\n$/,
  )
  expect(stdout).toBe('0 passed, 1 failed\n')
  expect(status).toBe(1)
})

test('an unknown STACK is refused in the same way', () => {
  const { status, stdout, stderr } = check('podman')
  expect(stderr).toBe('STACK is podman; set it to docker, or not at all\n')
  expect(stdout).toBe('0 passed, 1 failed\n')
  expect(status).toBe(1)
})
