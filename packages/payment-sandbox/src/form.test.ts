import { expect, test } from 'vitest'
import { Refusal } from './errors.ts'
import { canonicalForm, parseForm } from './form.ts'

/** Forms have no prototype; adds one for comparisons. */
const plain = (text: string) => JSON.parse(JSON.stringify(parseForm(text)))

test('brackets nest, and arrays are objects with numeric keys', () => {
  expect(
    plain('amount=5000&metadata[orderId]=o%201&expand[0]=latest_charge&expand[]=payment_method&a[b][c]=d+e'),
  ).toEqual({
    amount: '5000',
    metadata: { orderId: 'o 1' },
    expand: { 0: 'latest_charge', 1: 'payment_method' },
    a: { b: { c: 'd e' } },
  })
})

test('an empty text has no parameters', () => {
  expect(plain('')).toEqual({})
})

test('a name that is special in JavaScript is an ordinary parameter name', () => {
  const form = parseForm('__proto__[polluted]=yes&constructor=x')
  expect(Object.keys(form)).toEqual(['__proto__', 'constructor'])
  expect({}).not.toHaveProperty('polluted')
})

test.each(['a[b=1', '[a]=1', 'a]=1', 'a=1&a[b]=2', 'a[b]=1&a=2', 'a=%zz', 'a[1][2][3][4][5][6]=7'])(
  '%s is refused',
  (text) => {
    expect(() => parseForm(text)).toThrow(Refusal)
  },
)

test('equivalent forms have one canonical text', () => {
  const canonical = (text: string) => canonicalForm(parseForm(text))
  expect(canonical('b=2&a[y]=1&a[x]=0')).toBe(canonical('a[x]=0&a[y]=1&b=2'))
  expect(canonical('a=1')).not.toBe(canonical('a=2'))
  expect(canonical('a[b]=1')).not.toBe(canonical('a=b&b=1'))
})
