import { expect, test } from 'vitest'
import { compileTemplate } from './template.ts'

test('columns repeat from their first value, and lengths are counted in bytes', () => {
  const requestOf = compileTemplate({
    method: 'POST',
    url: 'http://127.0.0.1:8000/seats/{{seat}}',
    headers: { authorization: 'Bearer {{token}}' },
    body: '{"seat":"{{seat}}","name":"ż"}',
    columns: { seat: ['A1', 'A2', 'A3'], token: ['t'] },
  })
  expect(requestOf(4)).toBe(
    'POST /seats/A2 HTTP/1.1\r\nhost: 127.0.0.1:8000\r\nauthorization: Bearer t\r\n' +
      'content-type: application/json\r\n' +
      'content-length: 25\r\n\r\n{"seat":"A2","name":"ż"}',
  )
})

test('every request gets a new id', () => {
  const requestOf = compileTemplate({
    method: 'GET',
    url: 'http://h:1/',
    headers: { 'idempotency-key': '{{uuid}}' },
  })
  expect(requestOf(0)).not.toBe(requestOf(0))
})

test('an unknown column is an error', () => {
  expect(() => compileTemplate({ method: 'GET', url: 'http://h:1/{{seat}}' })).toThrow('no column seat')
})
