import type { Writable } from 'node:stream'

/**
 * Hold back what is written to a socket until the present turn of the event loop ends, and send it in one
 * system call: a write to a socket is dearer than most of what leads to it. The order stays; what is written
 * waits for nothing but work that is at hand.
 */
export function gatherWrites(socket: Writable): void {
  const write = socket.write as (...args: unknown[]) => boolean
  let gathering = false
  const send = () => {
    gathering = false
    socket.uncork()
  }
  socket.write = ((...args: unknown[]) => {
    if (!gathering) {
      gathering = true
      socket.cork()
      setImmediate(send)
    }
    return write.apply(socket, args)
  }) as typeof socket.write
}
