import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { rowTypesFile, rowTypesText, servicesWithRows } from './row-types.ts'

test.each(servicesWithRows)(
  '%s has row types of its schema as it is; if not, run `npm run row-types`',
  (service) => {
    expect(readFileSync(rowTypesFile(service), 'utf8')).toBe(rowTypesText(service))
  },
)
