import { parse } from 'yaml'

interface Step {
  uses?: string
  run?: string
  with?: Record<string, unknown>
}
interface Job {
  if?: string
  'timeout-minutes'?: number
  permissions?: Record<string, string>
  strategy?: { matrix: Record<string, string[]> }
  steps: Step[]
}
interface Workflow {
  on: Record<string, unknown>
  permissions?: Record<string, string>
  jobs: Record<string, Job>
}

/** The parts of the repository that a workflow may name. */
export interface Repository {
  /** npm scripts of the root's package.json. */
  scripts: readonly string[]
  programs: readonly string[]
}

/**
 * Returns complaints that actionlint does not cover: secrets, unpinned actions, and names that do not exist.
 * Each is a sentence; those about a job begin with its name.
 */
export function complaintsOfWorkflow(text: string, repository: Repository): string[] {
  const { on, permissions, jobs }: Workflow = parse(text)
  const complaints: string[] = []
  if ('pull_request_target' in on)
    complaints.push('pull_request_target gives pull requests of forks our permissions: use pull_request')
  if (JSON.stringify(permissions) !== '{"contents":"read"}')
    complaints.push('the permissions of all jobs must be contents: read')
  if (/\bsecrets\./.test(text)) complaints.push('the workflow uses a secret: it must work without')
  for (const [, line = ''] of text.matchAll(/uses: (.*)$/gm)) {
    if (!/^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))
      complaints.push(`${line} is not pinned to a commit, with its version as a comment`)
  }
  for (const [name, job] of Object.entries(jobs)) {
    complaints.push(...complaintsOfJob(job, repository).map((complaint) => `${name}: ${complaint}`))
  }
  return complaints
}

function complaintsOfJob(job: Job, { scripts, programs }: Repository): string[] {
  const complaints: string[] = []
  if (!job['timeout-minutes']) complaints.push('it has no timeout-minutes')
  const guarded = job.if?.includes('head.repo.full_name == github.repository') === true
  if (job.permissions?.['id-token'] && !guarded)
    complaints.push('a fork could assume our role: run it only for pull requests of this repository')
  const built = job.strategy?.matrix.program
  if (built && [...built].sort().join() !== [...programs].sort().join())
    complaints.push('its matrix lists other programs than the repository has')
  for (const { uses, run = '', with: given } of job.steps) {
    if (uses?.startsWith('actions/checkout@') && given?.['persist-credentials'] !== false)
      complaints.push('its checkout stores the token: set persist-credentials: false')
    for (const [, script = ''] of run.matchAll(/npm (?:run (?:-s )?)?([\w:-]+)/g)) {
      if (!scripts.includes(script))
        complaints.push(`it calls the npm script ${script}, which does not exist`)
    }
  }
  return complaints
}
