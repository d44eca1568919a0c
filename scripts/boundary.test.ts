import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { importsOf as importsIn, readSources, roomOf, root } from './imports.ts'

// Checks the architecture rules that the compiler does not know (docs/architecture.md).
const sources = readSources()
const files = [...sources.keys()]
const isTest = (file: string) => /\.test\.ts$|\/test\//.test(file)
const importsOf = (file: string, options = { types: true }) =>
  importsIn(file, sources.get(file) ?? '', options)
const isService = (room: string) => room.startsWith('services/')

describe('the architecture', () => {
  test('services do not import each other, and packages import no service', () => {
    const bad = files.flatMap((file) =>
      importsOf(file)
        .filter((name) => name.startsWith('services/') && roomOf(name) !== roomOf(file))
        .map((name) => `${file} imports ${name}`),
    )
    expect(bad).toEqual([])
  })
  test('other packages are imported by name only', () => {
    const bad = files.flatMap((file) =>
      importsOf(file)
        .filter(
          (name) =>
            /^(packages|services)\//.test(name) &&
            roomOf(name) !== roomOf(file) &&
            /^(packages|services)\//.test(file),
        )
        .map((name) => `${file} imports ${name}`),
    )
    expect(bad).toEqual([])
  })
  test('contracts import only zod', () => {
    const outside = files
      .filter((file) => roomOf(file) === 'packages/contracts' && !isTest(file))
      .flatMap((file) => importsOf(file).filter((name) => roomOf(name) !== 'packages/contracts'))
    expect(new Set(outside)).toEqual(new Set(['zod']))
  })
  // For an import of `{ z }`, browser bundlers keep all of zod, in every language.
  test('contracts import zod as a namespace', () => {
    const whole = files.filter(
      (file) => roomOf(file) === 'packages/contracts' && /import \{ z \}/.test(sources.get(file) ?? ''),
    )
    expect(whole).toEqual([])
  })
  test('only main.ts and config.ts read the environment', () => {
    const readers = files.filter(
      (file) =>
        /process\.env\b/.test(sources.get(file) ?? '') &&
        !/(^|\/)(main|config)\.ts$|^scripts\/|^vitest\.config\.ts$/.test(file),
    )
    expect(readers.filter((file) => !isTest(file))).toEqual([])
  })
  test('there are no circular imports', () => {
    const done = new Set<string>()
    const cycles: string[] = []
    const walk = (file: string, way: string[]): void => {
      if (way.includes(file)) {
        cycles.push([...way.slice(way.indexOf(file)), file].join(' → '))
        return
      }
      if (done.has(file)) return
      for (const name of importsOf(file, { types: false })) if (sources.has(name)) walk(name, [...way, file])
      done.add(file)
    }
    for (const file of files) walk(file, [])
    expect(cycles).toEqual([])
  })
  test('tests wait only with `until`, and use no ephemeral port', () => {
    const waits =
      /\bvi\.wait(For|Until)\(|\bexpect\.poll\(|new Promise(<void>)?\(\((resolve|next|done)\) => setTimeout\(/
    const ports = /\.listen\(0\b|\bport: 0\b/
    const allowed = [
      'packages/testing/src/timings.test.ts',
      'scripts/boundary.test.ts',
      'packages/stack/src/supervise.test.ts',
    ]
    const bad = files.filter(
      (file) =>
        (isTest(file) || file.endsWith('/testing.ts') || /^packages\/e2e\/src\/(?!bench\/)/.test(file)) &&
        !allowed.includes(file) &&
        (waits.test(sources.get(file) ?? '') || ports.test(sources.get(file) ?? '')),
    )
    expect(bad).toEqual([])
  })
  // Columns round to milliseconds: half of the `now()` values lie in the future if they are read at once.
  test('tests set times in the past with a margin', () => {
    const atOnce =
      /(leased_until|next_attempt_at|expires_at|end_date|sales_end_at) = (clock_timestamp|now)\(\)(?! [-+])/
    expect(files.filter((file) => isTest(file) && atOnce.test(sources.get(file) ?? ''))).toEqual([])
  })
  const importers = (name: string) =>
    files
      .filter((file) => !isTest(file) && importsOf(file, { types: false }).includes(name))
      .filter((file) => !/^packages\/(e2e|stack)\//.test(file))
  test("one breaker and one Redis connection exist, in health and in every service's tests", () => {
    expect(importers('opossum')).toEqual(['packages/service-kit/src/resilience/breaker.ts'])
    expect(importers('ioredis')).toEqual(['packages/service-kit/src/redis/redis.ts'])
    const tested = files.filter(
      (file) => isService(roomOf(file)) && (sources.get(file) ?? '').includes('await buildWithoutRedis('),
    )
    expect(new Set(tested.map(roomOf))).toEqual(new Set(files.map(roomOf).filter(isService)))
  })
  test('there is one rate limit and one concurrency limit', () => {
    expect(importers('limiter')).toEqual(['packages/service-kit/src/rate-limit.ts'])
    const others =
      /^(async-mutex|async-sema|bottleneck|cockatiel|p-limit|p-queue|p-throttle|rate-limiter-flexible)$/
    expect(files.flatMap((file) => importsOf(file)).filter((name) => others.test(name))).toEqual([])
  })
  test('one rule defines when an event is over: in contracts, and in the SQL of two services', () => {
    const rule = /\bend_?date\b[^\n]{0,20}(\?\?|\|\|)|coalesce\([^)]{0,30}\bend_date\b/i
    const places = files.filter((file) => !isTest(file) && rule.test(sources.get(file) ?? ''))
    expect(places.toSorted()).toEqual([
      'packages/contracts/src/events/event.ts',
      'services/events/src/catalog/event-repository.ts',
      'services/tickets/src/event-replicas/replica-repository.ts',
    ])
  })
  test('tests are declared with `test`', () => {
    const bad = files.filter((file) =>
      /^import \{[^}]*\bit\b[^}]*\} from 'vitest'/m.test(sources.get(file) ?? ''),
    )
    expect(bad).toEqual([])
  })
  test('no file has a meaningless name', () => {
    expect(
      files.filter((file) => /^(utils?|helpers?|common|manager|service)\.ts$/.test(path.basename(file))),
    ).toEqual([])
  })
  test('only configuration files have default exports', () => {
    const bad = files.filter(
      (file) => /^export default/m.test(sources.get(file) ?? '') && !/\.config\.ts$/.test(file),
    )
    expect(bad).toEqual([])
  })
})

test('the messaging tables are the same in every service', () => {
  const folder = path.join(root, 'packages/messaging/migrations')
  const rooms = new Set(files.map(roomOf).filter(isService))
  expect(rooms.size).toBe(6)
  for (const file of readdirSync(folder)) {
    const original = readFileSync(path.join(folder, file), 'utf8')
    for (const room of rooms) {
      const copy = path.join(root, room, 'prisma/migrations', path.basename(file, '.sql'), 'migration.sql')
      expect(readFileSync(copy, 'utf8'), room).toBe(original)
    }
  }
})
