import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec'
import type { Json, Resource } from './synthesize.ts'

let specification: ReturnType<typeof loadAwsServiceSpecSync> | undefined // 100 MB of JSON
type PropertyType = {
  type: string
  element?: PropertyType
  types?: PropertyType[]
  reference?: { $ref: string }
}
type Properties = Record<string, { type: PropertyType; previousTypes?: PropertyType[]; required?: boolean }>

const isIntrinsic = (value: Json) =>
  value !== null &&
  typeof value === 'object' &&
  !Array.isArray(value) &&
  Object.keys(value).some((key) => /^(Ref|Fn::\w+)$/.test(key))

/**
 * Returns the violations of AWS's resource specification in a template: unknown types and properties, missing
 * required ones, values of the wrong type, at any depth. Values that CloudFormation computes (Ref, Fn::…) are
 * not checked.
 */
export function findErrors(resources: Record<string, Resource>): string[] {
  specification ??= loadAwsServiceSpecSync()
  const db = specification
  const errors: string[] = []

  const checkObject = (at: string, properties: Properties, value: { [name: string]: Json }) => {
    for (const name of Object.keys(value))
      if (!(name in properties)) errors.push(`${at}: unknown property ${name}`)
    for (const [name, property] of Object.entries(properties)) {
      const given = value[name]
      if (given === undefined) {
        if (property.required) errors.push(`${at}: missing property ${name}`)
        continue
      }
      const types = [property.type, ...(property.previousTypes ?? [])]
      const found = types.map((type) => errorsOf(`${at}.${name}`, type, given))
      if (!found.some((list) => list.length === 0)) errors.push(...(found[0] ?? []))
    }
  }
  const errorsOf = (at: string, type: PropertyType, value: Json): string[] => {
    const outer = errors.length
    checkValue(at, type, value)
    return errors.splice(outer)
  }
  const checkValue = (at: string, type: PropertyType, value: Json): void => {
    if (isIntrinsic(value)) return
    switch (type.type) {
      case 'union':
        if (!type.types?.some((one) => errorsOf(at, one, value).length === 0))
          errors.push(`${at}: none of its kinds`)
        return
      case 'array':
        if (!Array.isArray(value)) errors.push(`${at}: must be a list`)
        else
          for (const [index, item] of value.entries())
            checkValue(`${at}[${index}]`, type.element as PropertyType, item)
        return
      case 'map':
        if (typeof value !== 'object') errors.push(`${at}: must be a map`)
        return
      case 'ref': {
        const { properties } = db.get('typeDefinition', type.reference?.$ref as never) as unknown as {
          properties: Properties
        }
        if (value === null || typeof value !== 'object' || Array.isArray(value))
          errors.push(`${at}: must be an object`)
        else checkObject(at, properties, value)
        return
      }
      case 'integer':
      case 'number':
        if (Number.isNaN(Number(value))) errors.push(`${at}: must be a number`)
        return
      case 'boolean':
        if (!['true', 'false'].includes(String(value))) errors.push(`${at}: must be true or false`)
        return
      case 'string':
      case 'date-time':
        if (typeof value === 'object') errors.push(`${at}: must be text`)
    }
  }

  for (const [id, { Type, Properties: given = {} }] of Object.entries(resources)) {
    const [known] = db.lookup('resource', 'cloudFormationType', 'equals', Type)
    if (known) checkObject(`${id} (${Type})`, known.properties as unknown as Properties, given)
    else errors.push(`${id}: unknown type ${Type}`)
  }
  return errors
}
