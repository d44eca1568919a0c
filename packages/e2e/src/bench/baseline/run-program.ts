import { fork } from 'node:child_process'
import { end } from './child-server.ts'

/**
 * A program that receives its input as JSON in its first argument, sends `{ ready: true }` when measurement
 * may start, and then its result.
 */
export interface RunningProgram<T> {
  pid: number
  ready: Promise<void>
  result: Promise<T>
  stop(): Promise<void>
}

/** Starts the program; `ready` and `result` reject if it exits early. */
export function runProgram<T>(file: string, input: unknown): RunningProgram<T> {
  const child = fork(file, [JSON.stringify(input)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const ready = Promise.withResolvers<void>()
  const result = Promise.withResolvers<T>()
  child.on('message', (message: { ready?: true; result?: T }) => {
    if (message.ready) ready.resolve()
    else if (message.result !== undefined) result.resolve(message.result)
  })
  child.once('exit', (code) => {
    const error = new Error(`${file} exited with ${code}`)
    ready.reject(error)
    result.reject(error)
  })
  for (const { promise } of [ready, result]) promise.catch(() => {}) // the awaiting caller gets the error
  return { pid: child.pid ?? 0, ready: ready.promise, result: result.promise, stop: () => end(child) }
}
