import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { images } from '../packages/stack/src/docker/images.ts'
import {
  type Compose,
  complaintsOfHardening,
  complaintsOfImages,
  complaintsOfOrder,
  complaintsOfSchema,
  readCompose,
} from './compose.ts'
import { complaintsOfEnvironments, environmentsOf } from './compose-programs.ts'
import { complaintsOfAddresses, complaintsOfMounts, complaintsOfPorts } from './compose-wiring.ts'
import { programNames } from './program-list.ts'

const read = (file: string) => readFileSync(path.join(import.meta.dirname, '..', file), 'utf8')
const text = read('docker-compose.yml')
const standin = read('docker-compose.standin.yml')

const complaintsOf = (compose: Compose): string[] => [
  ...complaintsOfSchema(compose),
  ...complaintsOfImages(compose, programNames),
  ...complaintsOfOrder(compose),
  ...complaintsOfHardening(compose),
  ...complaintsOfEnvironments(compose),
  ...complaintsOfPorts(compose),
  ...complaintsOfAddresses(compose),
  ...complaintsOfMounts(compose),
]

test('docker-compose.yml is as the specification, the images, the programs and each other say', () => {
  const compose = readCompose([text])
  expect(complaintsOf(compose)).toEqual([])
})

test('with docker-compose.standin.yml over it too, and then it runs every program', () => {
  const compose = readCompose([text, standin])
  expect(complaintsOf(compose)).toEqual([])
  const programs = Object.values(compose.services).flatMap(({ build }) => (build ? [build.args.PROGRAM] : []))
  expect(new Set(programs)).toEqual(new Set(programNames))
  const foreign = Object.values(compose.services).flatMap(({ build, image }) => (build ? [] : [image]))
  expect(foreign.join()).not.toContain('localstack')
})

test('tests on containers run on the same images', () => {
  const { postgres, valkey, aws } = readCompose([text]).services
  expect(images).toEqual({ postgres: postgres?.image, redis: valkey?.image, aws: aws?.image })
})

test('a port that is moved is moved wherever it is named', () => {
  const moved = readCompose([text], { EDGE_PORT: '9000', AWS_PORT: '9001' })
  expect(complaintsOfAddresses(moved)).toEqual([])
  expect(environmentsOf(moved)).toMatchObject({
    auth: { PUBLIC_URL: 'http://127.0.0.1:9000' },
    edge: { MAILBOX_URL: 'http://127.0.0.1:9001/_aws/ses', PORT: '8000' },
  })
})

/** The file with another value at a path, or with none. */
function withChange(at: string, value: unknown): Compose {
  const compose = JSON.parse(JSON.stringify(readCompose([text])))
  const names = at.split(' ')
  const last = String(names.pop())
  Object.assign(
    names.reduce((place, name) => place[name], compose),
    { [last]: value },
  )
  return JSON.parse(JSON.stringify(compose)) // what is undefined goes
}
const healthy = { condition: 'service_healthy' }

test.each<[at: string, value: unknown, complaint: string]>([
  ['services auth enviroment', {}, '/services/auth must NOT have additional properties'],
  [
    'services auth depends_on migrate condition',
    'done',
    '/services/auth/depends_on/migrate/condition must be equal',
  ],
  [
    'services auth healthcheck interval',
    '5 seconds',
    '/services/auth/healthcheck/interval must match format',
  ],
  ['services postgres image', 'postgres:17', 'postgres: image postgres:17 is not pinned'],
  ['services aws image', 'localstack/localstack:latest', 'localstack/localstack:latest is not pinned'],
  ['services auth build args PROGRAM', 'author', 'auth: there is no program author'],
  ['services auth image', 'boxoffice/events:local', 'auth: boxoffice/events:local is not its image'],
  ['services auth image', undefined, 'auth: undefined is not its image'],
  ['services auth pull_policy', 'build', 'auth: is built or pulled although its image is there'],
  ['services auth healthcheck test', ['CMD', 'node', '-e', '1'], 'auth: not so that it starts no Node.js'],
  ['services auth mem_limit', undefined, 'auth: not so that it has a limit of memory'],
  ['services valkey pids_limit', undefined, 'valkey: not so that it has a limit of processes'],
  ['services auth depends_on mysql', healthy, 'auth waits for mysql, which there is not'],
  [
    'services auth depends_on postgres',
    { condition: 'service_completed_successfully' },
    'auth: postgres never completes',
  ],
  ['services auth depends_on migrate', healthy, 'auth: migrate has no health check'],
  [
    'services auth depends_on postgres',
    { condition: 'service_started' },
    'auth: service_started says nothing',
  ],
  ['services postgres depends_on edge', healthy, 'auth waits for itself'],
  ['services valkey restart', 'on-failure', 'valkey: not so that it comes back'],
  ['services auth stop_grace_period', '10s', 'auth: not so that it has 30 s to stop'],
  ['services auth read_only', false, 'auth: not so that it cannot change its files'],
  ['services auth cap_drop', [], 'auth: not so that it has no rights'],
  ['services auth logging options', {}, 'auth: not so that it has logs with an end'],
  ['services payments environment CHECKOUT_WAIT_MS', 'ten', 'payments: configuration:'],
  ['services notifications environment FROM_EMAIL_ADDRESS', undefined, 'notifications: configuration:'],
  ['services edge environment UPSTREAMS', '{"author":[]}', 'edge: configuration:'],
  ['services sandbox environment SANDBOX_DATABASE', undefined, 'sandbox: configuration:'],
  ['services migrate environment DATABASE_ADMIN_URL', undefined, 'migrate: configuration:'],
  ['services boxoffice environment EVENTS_URL', undefined, 'boxoffice: configuration:'],
  ['services auth entrypoint', ['node', 'main.js'], 'auth: configuration:'],
  [
    'services tickets environment STRIPE_API_URL',
    'http://sandbox:8026',
    'tickets does not read STRIPE_API_URL',
  ],
  ['services seed environment PORT', '1', 'seed does not read PORT'],
  ['services auth environment TOKEN_PRIVATE_KEY', '{}', 'auth: TOKEN_PRIVATE_KEY stands in the file'],
  [
    'services postgres environment POSTGRES_PASSWORD',
    'secret',
    'postgres: POSTGRES_PASSWORD stands in the file',
  ],
  ['services seed command', ['sow'], 'seed: secrets has no command sow'],
  ['services auth ports', ['8080:8080'], 'auth: 8080:8080 is open to the network'],
  ['services events ports', ['127.0.0.1:8080:8081'], 'events: 8080 is taken'],
  ['services sandbox ports', ['127.0.0.1:8027:8026'], 'sandbox: no client connects to 8027'],
  ['services auth ports', ['127.0.0.1:8080:80'], 'auth does not listen on 80'],
  ['services payments environment TICKETS_URL', 'http://tickets:8080', 'payments: TICKETS_URL leads nowhere'],
  [
    'services events environment CACHE_REDIS_URL',
    'redis://cache:6379',
    'events: CACHE_REDIS_URL leads nowhere',
  ],
  [
    'services secrets environment DATABASE_SERVER',
    'database:5432',
    'auth: DATABASE_URL leads nowhere: database:5432',
  ],
  ['services auth environment PUBLIC_URL', 'http://127.0.0.1:81', 'auth: PUBLIC_URL leads nowhere'],
  ['services aws volumes', ['./localstack/start.d:/x:ro'], 'aws: there is no ./localstack/start.d'],
  ['services auth volumes', ['other:/other'], 'auth: there is no volume other'],
  [
    'services auth volumes',
    ['secrets-events:/run/boxoffice:ro'],
    'auth: no container writes the secrets of auth',
  ],
  ['services auth volumes', ['secrets-auth:/run/boxoffice'], 'auth could change its secrets'],
  ['services postgres volumes', ['postgres:/data'], 'postgres: no container writes the secrets of postgres'],
  ['services secrets environment DATA_FOLDERS', '/data/demo', 'sandbox: sandbox does not belong to its user'],
  ['volumes old', null, 'no container uses the volume old'],
])('with another %s it says so', (at, value, complaint) => {
  expect(complaintsOf(withChange(at, value)).join('\n')).toContain(complaint)
})
