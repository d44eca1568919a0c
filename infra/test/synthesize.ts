import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { App } from 'aws-cdk-lib'
import cdk from '../cdk.json' with { type: 'json' }
import { addEnvironment } from '../src/add-environment.ts'
import { type EnvironmentName, environmentNames, environments } from '../src/environments.ts'
import { readSettings } from '../src/settings.ts'

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }
export interface Resource {
  Type: string
  Properties?: { [name: string]: Json }
  DeletionPolicy?: string
}
export const stackNames = ['network', 'messaging', 'data', 'edge', 'services', 'observability'] as const
export type StackName = (typeof stackNames)[number]

export const ACCOUNT = '111122223333'
export const settings = {
  account: ACCOUNT,
  operators: 'operators@example.com',
  domain: 'tickets.example.com',
  zone: 'Z0123456789ABC',
  smsSender: 'Boxoffice',
}

const made = new Map<string, Synthesized>()

/** Returns the templates of an environment as CloudFormation gets them. Cached per process; do not modify. */
export function synthesize(name: EnvironmentName, given: object = settings): Synthesized {
  const key = JSON.stringify([name, given])
  const known = made.get(key) ?? synthesizeAnew(name, given)
  made.set(key, known)
  return known
}
export type Synthesized = ReturnType<typeof synthesizeAnew>

function synthesizeAnew(name: EnvironmentName, given: object) {
  const { all, order } = templatesOf(name, given)
  /** Returns the resources of a type in a stack, by logical id. */
  const resources = (stack: StackName, type: string): Map<string, { [name: string]: Json }> =>
    new Map(
      Object.entries(all[stack].Resources).flatMap(([id, resource]) =>
        resource.Type === type ? [[id, resource.Properties ?? {}] as const] : [],
      ),
    )
  return { all, resources, order }
}

interface Template {
  Resources: Record<string, Resource>
  [section: string]: unknown
}

function templatesOf(
  name: EnvironmentName,
  given: object,
): { all: Record<StackName, Template>; order: string[] } {
  const outdir = mkdtempSync(path.join(tmpdir(), 'boxoffice-templates-'))
  try {
    const app = new App({
      outdir,
      context: { ...cdk.context, 'aws:cdk:disable-asset-staging': true },
      // two thirds of the time; app.test.ts has it, as a deployment has
      builtinCloudFormationValidation: false,
    })
    addEnvironment(app, environments[name], readSettings(JSON.stringify(given)))
    const assembly = app.synth()
    const templateOf = (stack: StackName) =>
      frozen(assembly.getStackByName(`boxoffice-${name}-${stack}`).template)
    const all = Object.fromEntries(stackNames.map((stack) => [stack, templateOf(stack)])) as Record<
      StackName,
      Template
    >
    return { all, order: assembly.stacks.map((stack) => stack.stackName) }
  } finally {
    rmSync(outdir, { recursive: true })
  }
}

function frozen<T>(value: T): T {
  if (value !== null && typeof value === 'object') for (const part of Object.values(value)) frozen(part)
  return Object.freeze(value)
}

/** Both environments. */
export const everyEnvironment = () => environmentNames.map((name) => [name, synthesize(name)] as const)

/** Returns every object in a JSON value, the deepest last. */
export function* objectsOf(json: Json): Generator<{ [name: string]: Json }> {
  if (json === null || typeof json !== 'object') return
  if (!Array.isArray(json)) yield json
  for (const value of Object.values(json)) yield* objectsOf(value)
}

/** Resolves a value to a string, with each reference to another resource or export as its name in braces. */
export function resolved(value: Json | undefined): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return value.map(resolved).join('')
  const [name, argument] = Object.entries(value)[0] ?? ['', '']
  if (name === 'Fn::Join' && Array.isArray(argument)) {
    const [separator, parts] = argument as [string, Json[]]
    return parts.map(resolved).join(separator)
  }
  if (name === 'Ref' && argument === 'AWS::Partition') return 'aws'
  if (name === 'Ref' && argument === 'AWS::AccountId') return ACCOUNT
  if (name === 'Ref' && argument === 'AWS::URLSuffix') return 'amazonaws.com'
  if (name === 'Ref' && argument === 'AWS::Region') return 'eu-west-1'
  return `{${Array.isArray(argument) ? argument.map(resolved).join('.') : resolved(argument)}}`
}
