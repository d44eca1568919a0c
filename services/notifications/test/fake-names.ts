import { createSocket, type RemoteInfo } from 'node:dgram'
import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'

const HEADER_BYTES = 12
const TYPES = { A: 1, AAAA: 28 } as const

/**
 * A name server over UDP that knows these hosts. While it holds, it answers no one; `release` answers all
 * that asked by then.
 */
export async function startFakeNames(hosts: Readonly<Record<string, readonly string[]>>) {
  const socket = createSocket('udp4')
  const held: (() => void)[] = []
  const state = { holds: false }

  socket.on('message', (question: Buffer, from: RemoteInfo) => {
    const reply = () => socket.send(answerTo(question, hosts), from.port, from.address)
    if (state.holds) held.push(reply)
    else reply()
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))

  return {
    servers: [`127.0.0.1:${socket.address().port}`],
    held,
    hold() {
      state.holds = true
    },
    release() {
      state.holds = false
      for (const reply of held.splice(0)) reply()
    },
    stop: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  }
}

/** RFC 1035, 4: the question again, and an address a record. A host that is not known is NXDOMAIN. */
function answerTo(question: Buffer, hosts: Readonly<Record<string, readonly string[]>>): Buffer {
  const labels: string[] = []
  let at = HEADER_BYTES
  for (let length = question.readUInt8(at); length > 0; length = question.readUInt8(at)) {
    labels.push(question.toString('ascii', at + 1, at + 1 + length))
    at += 1 + length
  }
  const type = question.readUInt16BE(at + 1)
  const asked = question.subarray(HEADER_BYTES, at + 5)
  const known = hosts[labels.join('.').toLowerCase()]
  const addresses = (known ?? []).filter((address) => type === (isIPv4(address) ? TYPES.A : TYPES.AAAA))
  const header = Buffer.alloc(HEADER_BYTES)
  question.copy(header, 0, 0, 2)
  header.writeUInt16BE(known ? 0x8180 : 0x8183, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(addresses.length, 6)
  const records = addresses.map((address) => {
    const bytes = Buffer.from(ipaddr.parse(address).toByteArray())
    const head = Buffer.from([0xc0, HEADER_BYTES, 0, type, 0, 1, 0, 0, 0, 0, 0, bytes.length])
    return Buffer.concat([head, bytes])
  })
  return Buffer.concat([header, asked, ...records])
}
