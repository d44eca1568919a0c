import { expect, test } from 'vitest'
import { readAnswer } from './wire.ts'

const bytes = (...lines: string[]) => Buffer.from(lines.join('\r\n'))

test('a response is complete once it has as many bytes as announced', () => {
  const whole = bytes('HTTP/1.1 201 Created', 'Content-Length: 5', '', 'hello')
  expect(readAnswer(whole, true)).toMatchObject({ status: 201, bytes: 5, body: 'hello' })
  expect(readAnswer(whole.subarray(0, -1), true)).toBeNull()
  expect(readAnswer(bytes('HTTP/1.1 201 Cre'), true)).toBeNull()
})

test('a chunked response is complete with its empty last chunk', () => {
  const head = ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', '']
  expect(readAnswer(bytes(...head, '3', 'abc', 'a', '0123456789', '0', '', ''), true)).toMatchObject({
    status: 200,
    bytes: 13,
    body: 'abc0123456789',
  })
  expect(readAnswer(bytes(...head, '3', 'abc', ''), true)).toBeNull()
})

test('a response without a body ends with its head', () => {
  expect(readAnswer(bytes('HTTP/1.1 204 No Content', 'date: today', '', ''), false)).toEqual({
    status: 204,
    bytes: 0,
  })
})
