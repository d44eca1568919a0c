import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { App, type aws_rds as rds, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { execa } from 'execa'
import { afterAll, expect, test } from 'vitest'
import { addEnvironment } from '../src/add-environment.ts'
import { environmentNames, environments } from '../src/environments.ts'
import { readSettings } from '../src/settings.ts'
import { settings, stackNames, synthesize } from './synthesize.ts'

const outdir = mkdtempSync(path.join(tmpdir(), 'boxoffice-assembly-'))
afterAll(() => rmSync(outdir, { recursive: true }))

test('the app as deployed passes cdk-nag and is synthesized without network access', async () => {
  const infra = path.join(import.meta.dirname, '..')
  // Node's permission model: without --allow-net, opening a connection is denied.
  const permissions = [
    '--permission',
    '--allow-fs-read=*',
    '--allow-fs-write=*',
    '--allow-child-process',
    '--allow-worker',
    '--allow-addons',
  ]
  const { exitCode, all } = await execa('node', [...permissions, path.join(infra, 'bin/main.ts')], {
    cwd: infra,
    env: { CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify({ settings: JSON.stringify(settings) }) },
    all: true,
    reject: false,
  })
  expect({ exitCode, all }).toMatchObject({ exitCode: 0 })
  const templates = readdirSync(outdir).filter((file) => file.endsWith('.template.json'))
  expect(templates.sort()).toEqual(
    environmentNames
      .flatMap((name) => stackNames.map((stack) => `boxoffice-${name}-${stack}.template.json`))
      .sort(),
  )
})

test('cdk-nag is active: it rejects a database that is public and unencrypted', () => {
  const app = new App({
    outdir: mkdtempSync(path.join(outdir, 'wrong-')),
    context: { 'aws:cdk:disable-asset-staging': true },
    builtinCloudFormationValidation: false,
  })
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  const { data } = addEnvironment(app, environments.dev, readSettings(JSON.stringify(settings)))
  const cluster = data.database.node.defaultChild as rds.CfnDBCluster
  cluster.storageEncrypted = false
  expect(() => app.synth()).toThrow(/does not have storage encryption enabled/)
})

test('a stack deploys after the stacks it depends on', () => {
  const { order } = synthesize('prod')
  const at = (stack: string) => order.indexOf(`boxoffice-prod-${stack}`)
  for (const [first, then] of [
    ['network', 'data'],
    ['messaging', 'data'],
    ['data', 'services'],
    ['edge', 'services'],
    ['services', 'observability'],
  ] as const) {
    expect(at(first), `${first} before ${then}`).toBeLessThan(at(then))
  }
})

test('invalid settings are refused with one sentence each', () => {
  const given = { domain: 'tickets.example.com', region: 'Ireland', operators: 'nobody' }
  expect(() => readSettings(JSON.stringify(given))).toThrow(
    /must be a region such as eu-west-1[\s\S]*operators/,
  )
  expect(() => readSettings(JSON.stringify({ domain: 'tickets.example.com' }))).toThrow(
    /requires its hosted zone/,
  )
  expect(() => readSettings(JSON.stringify({ dommain: 'x' }))).toThrow(/dommain/)
})

test('the stack outputs that the runbooks use exist', () => {
  const { all } = synthesize('prod')
  const runbooks = path.join(import.meta.dirname, '../../docs/runbooks')
  const asked = readdirSync(runbooks).flatMap((file) =>
    [...readFileSync(path.join(runbooks, file), 'utf8').matchAll(/\$\(out (\w+) (\w+)\)/g)].map(
      ([, stack, name]) => ({
        file,
        stack,
        name,
      }),
    ),
  )
  expect(asked.length).toBeGreaterThan(2)
  for (const { file, stack, name } of asked) {
    expect(Object.keys((all[stack as 'network'].Outputs ?? {}) as object), `${file}: ${stack}`).toContain(
      name,
    )
  }
})
