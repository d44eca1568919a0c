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
 */
export function complaintsOfWorkflow(text: string, repository: Repository): string[] {
  const { on, permissions, jobs }: Workflow = parse(text)
  const complaints: string[] = []
  if ('pull_request_target' in on) complaints.push('pull requests of forks would run with our rights')
  if (JSON.stringify(permissions) !== '{"contents":"read"}')
    complaints.push('every job may do more than read')
  if (/\bsecrets\./.test(text)) complaints.push('a secret is used')
  for (const [, line = ''] of text.matchAll(/uses: (.*)$/gm)) {
    if (!/^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line)) complaints.push(`${line} is not pinned`)
  }
  for (const [name, job] of Object.entries(jobs)) {
    complaints.push(...complaintsOfJob(job, repository).map((complaint) => `${name}: ${complaint}`))
  }
  return complaints
}

function complaintsOfJob(job: Job, { scripts, programs }: Repository): string[] {
  const complaints: string[] = []
  if (!job['timeout-minutes']) complaints.push('may run for ever')
  const guarded = job.if?.includes('head.repo.full_name == github.repository') === true
  if (job.permissions?.['id-token'] && !guarded) complaints.push('a fork could assume our role')
  const built = job.strategy?.matrix.program
  if (built && [...built].sort().join() !== [...programs].sort().join())
    complaints.push('builds other programs than there are')
  for (const { uses, run = '', with: given } of job.steps) {
    if (uses?.startsWith('actions/checkout@') && given?.['persist-credentials'] !== false)
      complaints.push('leaves the token of the checkout behind')
    for (const [, script = ''] of run.matchAll(/npm (?:run (?:-s )?)?([\w:-]+)/g)) {
      if (!scripts.includes(script)) complaints.push(`there is no npm script ${script}`)
    }
  }
  return complaints
}
