import { existsSync } from 'node:fs'
import path from 'node:path'
import { loadPorts } from '../packages/stack/src/ports.ts'
import type { Compose } from './compose.ts'
import { environmentsOf, holderOf } from './compose-programs.ts'

const ROOT = path.join(import.meta.dirname, '..')
/** Where the images of others listen. */
const foreignPorts: Readonly<Record<string, number>> = {
  postgres: 5432,
  'valkey/valkey': 6379,
  'localstack/localstack': 4566,
}

/** Where each service listens inside; null for those that do not. */
const portsOf = (compose: Compose): Record<string, number | null> =>
  Object.fromEntries(
    Object.entries(compose.services).map(([name, { image, environment }]) => [
      name,
      foreignPorts[image?.split(':')[0] ?? ''] ?? (environment?.PORT ? Number(environment.PORT) : null),
    ]),
  )

/** Published: on 127.0.0.1 alone, once, at the port of `npm start`, and where the service listens. */
export function complaintsOfPorts(compose: Compose): string[] {
  const documented: Readonly<Record<string, number>> = { ...loadPorts({}) }
  const names: Readonly<Record<string, string>> = { valkey: 'redis' }
  const listening = portsOf(compose)
  const taken = new Set<string>()
  return Object.entries(compose.services).flatMap(([name, { ports = [] }]) =>
    ports.flatMap((published) => {
      const [, host, outside, inside] = /^(?:(.*):)?(\d+):(\d+)$/.exec(published) ?? []
      const complaints: string[] = []
      if (host !== '127.0.0.1') complaints.push(`${name}: ${published} is open to the network`)
      if (taken.has(String(outside))) complaints.push(`${name}: ${outside} is taken`)
      if (Number(outside) !== documented[names[name] ?? name])
        complaints.push(`${name}: no client connects to ${outside}`)
      if (Number(inside) !== listening[name]) complaints.push(`${name} does not listen on ${inside}`)
      taken.add(String(outside))
      return complaints
    }),
  )
}

/**
 * Every address in an environment is that of a service of the file, or one that the file publishes on this
 * machine.
 */
export function complaintsOfAddresses(compose: Compose): string[] {
  const listening = portsOf(compose)
  const published = Object.values(compose.services).flatMap(({ ports = [] }) =>
    ports.map((port) => port.split(':')[1]),
  )
  return Object.entries(environmentsOf(compose)).flatMap(([name, environment]) =>
    Object.entries(environment).flatMap(([variable, value]) =>
      [...value.matchAll(/\b[a-z]+:\/\/[^\s"',]+/g)].flatMap(([address]) => {
        const { hostname, port } = new URL(address)
        const known =
          hostname === '127.0.0.1'
            ? published.includes(port)
            : port !== '' && listening[hostname] === Number(port)
        return known ? [] : [`${name}: ${variable} leads nowhere: ${hostname}:${port}`]
      }),
    ),
  )
}

/**
 * Mounted paths are there, volumes are declared and all used, and each environment file comes from its
 * writer's volume.
 */
export function complaintsOfMounts(compose: Compose): string[] {
  const used = new Set<string>()
  const mountsOf = (name: string) => (compose.services[name]?.volumes ?? []).map((mount) => mount.split(':'))
  const complaints = Object.keys(compose.services).flatMap((name) =>
    mountsOf(name).flatMap(([source = '']) => {
      if (source.startsWith('.'))
        return existsSync(path.join(ROOT, source)) ? [] : [`${name}: there is no ${source}`]
      used.add(source)
      return source in compose.volumes ? [] : [`${name}: there is no volume ${source}`]
    }),
  )
  const written = new Map(mountsOf('secrets').map(([source, target]) => [target, source]))
  const given = (compose.services.secrets?.environment?.DATA_FOLDERS ?? '')
    .split(',')
    .map((folder) => written.get(folder))
  for (const [name, service] of Object.entries(compose.services)) {
    const reads = service.environment?.POSTGRES_PASSWORD_FILE ? 'postgres' : holderOf(service)
    const [volume, , mode] = mountsOf(name).find(([, target]) => target === '/run/boxoffice') ?? []
    if (reads && (volume === undefined || volume !== written.get(`/run/boxoffice/${reads}`)))
      complaints.push(`${name}: no container writes the secrets of ${reads} into its volume`)
    if (volume && mode !== 'ro') complaints.push(`${name} could change its secrets`)
    const data = mountsOf(name).find(([, target]) => target === '/data')?.[0]
    if (service.build && data && !given.includes(data))
      complaints.push(`${name}: ${data} does not belong to its user`)
  }
  const unused = Object.keys(compose.volumes).filter((volume) => !used.has(volume))
  return [...complaints, ...unused.map((volume) => `no container uses the volume ${volume}`)]
}
