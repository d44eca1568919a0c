import { describe, expect, test } from 'vitest'
import { readSources, roomOf } from './imports.ts'

// A setting that nothing reads would mislead the operator.
const sources = readSources()
const services = [...new Set([...sources.keys()].map(roomOf))].filter((room) => room.startsWith('services/'))
const read = (file: string) => sources.get(file) ?? ''
const codeOf = (folder: string) =>
  [...sources.keys()]
    .filter(
      (file) => file.startsWith(`${folder}/`) && !/\.test\.ts$|\/config\.ts$|\/testing[^/]*\.ts$/.test(file),
    )
    .map((file) => withoutComments(read(file)))
    .join('\n')
const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '')

const kit = codeOf('packages/service-kit/src')
const messaging = codeOf('packages/messaging/src')
const readers = [
  ['packages/service-kit/src/config.ts', kit],
  ['packages/messaging/src/config.ts', messaging],
] as const

/** Returns every property name of the objects that a config.ts builds from the environment. */
function madeBy(config: string): string[] {
  const code = withoutComments(config)
  const loader = code.slice(
    code.search(/export function (loadConfig|baseConfig)|export const messagingConfig/),
  )
  const made = loader.slice(loader.search(/return \{|=> \(\{/))
  return [...made.matchAll(/(?<![\w.'"])(\w+):\s(?!string|number|boolean|z\.)/g)].map(([, name = '']) => name)
}
/** Returns whether code reads the name from an object: as a property, or in a pattern or a type. */
const takes = (code: string, name: string) =>
  new RegExp(`\\.${name}\\b|[{,]\\s*${name}\\s*[,}:=]|'${name}'`).test(code)

describe.each(services)('%s', (service) => {
  const file = `${service}/src/config.ts`

  test('reads every variable of its schema', async () => {
    const { Environment } = (await import(`../${file}`)) as { Environment: { shape: object } }
    const configs = [file, ...readers.map(([config]) => config)].map(read).join('\n')
    const unread = Object.keys(Environment.shape).filter(
      (name) => !new RegExp(`\\b(read|env|environment)\\.${name}\\b`).test(configs),
    )
    expect(unread).toEqual([])
  })
  test('uses every setting that it derives from them', () => {
    const code = `${codeOf(`${service}/src`)}\n${kit}\n${messaging}`
    const made = madeBy(read(file))
    expect(made.length).toBeGreaterThan(4)
    expect(made.filter((name) => !takes(code, name))).toEqual([])
  })
})

test.each(readers)('%s defines no unused setting', (config, code) => {
  const made = madeBy(read(config))
  expect(made.length).toBeGreaterThan(4)
  const others = services.map((service) => codeOf(`${service}/src`)).join('\n')
  expect(made.filter((name) => !takes(code, name) && !takes(others, name))).toEqual([])
})
