import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { DockerfileParser } from 'dockerfile-ast'
import { execaSync } from 'execa'
import { describe, expect, test } from 'vitest'
import { dockerContext } from './docker-context.ts'
import { programNames } from './program-list.ts'

const ROOT = path.join(import.meta.dirname, '..')
const text = readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8')
const tracked = execaSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
}).stdout.split('\n')
const context = dockerContext(ROOT, tracked)

const PINNED = /^\w+:\d+\.\d+\.\d+-[a-z]+(-[a-z]+)*@sha256:[0-9a-f]{64}$/
const SECRET = /SECRET|TOKEN|PASSWORD|CREDENTIAL|KEY/i
/** BuildKit gives these without being asked; inside a stage they have to be declared. */
const PLATFORM = ['BUILDPLATFORM', 'TARGETPLATFORM']

/** What is wrong with a Dockerfile for services, a sentence each. */
function problemsOf(content: string): string[] {
  const dockerfile = DockerfileParser.parse(content)
  const problems: string[] = []
  const stages: string[] = []
  let final: { keyword: string; argument: string }[] = []
  let declared = new Set<string>()
  /** What stands before the first stage, for the names of images. */
  const images = new Map<string, string>()
  for (const instruction of dockerfile.getInstructions()) {
    const keyword = instruction.getKeyword()
    const argument = instruction.getArgumentsContent() ?? ''
    if (keyword === 'FROM') {
      const [from] = dockerfile
        .getFROMs()
        .filter((each) => each.getRange().start.line === instruction.getRange().start.line)
      const named = from?.getImage() ?? ''
      const image = images.get(/^\$(\w+)$/.exec(named)?.[1] ?? '') ?? named
      if (!stages.includes(image) && !PINNED.test(image)) problems.push(`${image} is not pinned`)
      stages.push(from?.getBuildStage() ?? '')
      final = []
      declared = new Set()
    }
    final.push({ keyword, argument })
    const [declaredName = '', ...value] = argument.split('=')
    if (keyword === 'ARG' && stages.length === 0) images.set(declaredName, value.join('='))
    else if (keyword === 'ARG') declared.add(declaredName)
    for (const variable of instruction.getVariables()) {
      const name = variable.getName()
      const known = keyword === 'FROM' ? PLATFORM.includes(name) || images.has(name) : declared.has(name)
      if (!known) problems.push(`${keyword} uses ${name}, which is not declared there`)
    }
    if (/^(ARG|ENV)$/.test(keyword) && SECRET.test(argument))
      problems.push(`${keyword} ${argument} would stay in the image`)
  }
  for (const copy of dockerfile.getCOPYs()) {
    const [source = ''] = copy.getArguments().map((each) => each.getValue())
    const from = copy.getFromFlag()?.getValue()
    if (from ? !stages.includes(from) : !existsSync(path.join(ROOT, source)))
      problems.push(`COPY takes ${source} from where it is not`)
    if (!from && source !== '.' && !context.some((file) => file === source || file.startsWith(`${source}/`)))
      problems.push(`${source} is ignored by .dockerignore`)
  }
  return [
    ...problems,
    ...problemsOfFinal(final, dockerfile.getENTRYPOINTs().at(-1)?.getJSONStrings().length ?? 0),
  ]
}

function problemsOfFinal(stage: { keyword: string; argument: string }[], entryWords: number): string[] {
  const of = (keyword: string) =>
    stage.filter((each) => each.keyword === keyword).map(({ argument }) => argument)
  const problems: string[] = []
  if (!of('USER').at(-1) || /^(root|0)\b/.test(of('USER').at(-1) ?? '')) problems.push('it runs as root')
  if (of('ENTRYPOINT').length !== 1 || entryWords < 2)
    problems.push('a shell stands between signals and Node.js')
  if (of('STOPSIGNAL').join() !== 'SIGTERM') problems.push('it is not stopped by SIGTERM')
  if (of('RUN').length > 0) problems.push('a command of the last stage needs a machine of the image’s kind')
  if (of('HEALTHCHECK').length > 0) problems.push('its health is for who runs it to ask')
  if (!of('ENV').some((argument) => argument.includes('NODE_ENV=production')))
    problems.push('it runs for development')
  return problems
}

describe('the Dockerfile', () => {
  test('is as it should be', () => {
    expect(problemsOf(text)).toEqual([])
  })

  test.each([
    [/@sha256:\w+/.exec(text)?.[0] ?? '', '', 'node:26.10.0-bookworm-slim is not pinned'],
    ['FROM $NODE_IMAGE\n', 'FROM node:26-slim\n', 'node:26-slim is not pinned'],
    ['FROM $NODE_IMAGE\n', 'FROM node\n', 'node is not pinned'],
    ['FROM $NODE_IMAGE\n', 'FROM $OTHER_IMAGE\n', 'FROM uses OTHER_IMAGE, which is not declared there'],
    ['USER node\n', '', 'it runs as root'],
    ['USER node\n', 'USER root\n', 'it runs as root'],
    [
      '["node", "--enable-source-maps", "main.js"]',
      'node main.js',
      'a shell stands between signals and Node.js',
    ],
    ['STOPSIGNAL SIGTERM\n', '', 'it is not stopped by SIGTERM'],
    [
      'USER node\n',
      'RUN true\nUSER node\n',
      'a command of the last stage needs a machine of the image’s kind',
    ],
    ['USER node\n', 'HEALTHCHECK CMD true\nUSER node\n', 'its health is for who runs it to ask'],
    ['ARG REVISION=unknown\n', '', 'LABEL uses REVISION, which is not declared there'],
    [
      'ARG REVISION=unknown\n',
      'ARG REVISION=unknown\nARG NPM_TOKEN\n',
      'ARG NPM_TOKEN would stay in the image',
    ],
    ['COPY . .\n', 'COPY lost.txt .\n', 'COPY takes lost.txt from where it is not'],
    ['COPY . .\n', 'COPY docs docs\n', 'docs is ignored by .dockerignore'],
    ['--from=program', '--from=elsewhere', 'COPY takes /app/ from where it is not'],
    ['NODE_ENV=production ', '', 'it runs for development'],
  ])('with %j as %j would be refused', (right, wrong, problem) => {
    expect(text).toContain(right)
    expect(problemsOf(text.replace(right, wrong))).toContain(problem)
  })

  test('names the programs that there are', () => {
    const named = /^# PROGRAM is ([^(]*)\n# \(/m.exec(text)?.[1]?.split(/, | or /)
    expect(named?.sort()).toEqual([...programNames].sort())
  })
})

describe('what is sent to the build', () => {
  test('is what the build reads', () => {
    const needed = [
      '.npmrc',
      'package.json',
      'pnpm-lock.yaml',
      'pnpm-workspace.yaml',
      'infra/package.json',
      'scripts/bootstrap.mjs',
    ]
    const manifests = tracked.filter((file) =>
      /^(packages|services)\/[^/]+\/package\.json$|^patches\//.test(file),
    )
    const sources = tracked.filter((file) =>
      /^(packages|services)\/[^/]+\/(src|prisma)\/.*(?<!\.test)\.(ts|lua|sql|prisma)$/.test(file),
    )
    expect(sources.length).toBeGreaterThan(300)
    expect([...needed, ...manifests, ...sources].filter((file) => !context.includes(file))).toEqual([])
  })

  test('is no history, secret, document, test or anything that was made here', () => {
    const unwanted = [
      '.git/config',
      '.boxoffice/secrets.json',
      '.env',
      'services/auth/.env',
      'dist/auth/main.js',
      'docs/api.md',
    ]
    const made = [
      'node_modules/zod/index.js',
      'services/auth/node_modules/zod/index.js',
      'services/auth/src/generated/prisma/client.ts',
    ]
    const tests = tracked.filter((file) =>
      /\.test\.ts$|\/test\/|\.md$|^docs\/|^infra\/(?!package\.json)/.test(file),
    )
    expect(dockerContext(ROOT, [...unwanted, ...made, ...tests])).toEqual([])
  })
})
