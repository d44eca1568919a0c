import { expect, test } from 'vitest'
import { localeOf } from './locale.ts'

test.each([
  [undefined, 'en'],
  ['', 'en'],
  ['*', 'en'],
  ['pl', 'pl'],
  ['el-GR,el;q=0.9,en;q=0.8', 'el-GR'],
  ['en;q=0.3, PL-pl;q=0.9', 'pl-PL'],
  ['fr;q=0, de-AT', 'de-AT'],
  ['de;q=0.5,fr;q=0.5', 'de'],
  ['not a language!', 'en'],
  [`${'x'.repeat(100_000)}`, 'en'],
])('an Accept-Language of %s means %s', (header, locale) => {
  expect(localeOf(header)).toBe(locale)
})
