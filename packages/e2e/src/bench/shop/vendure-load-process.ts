import process from 'node:process'
import { createWire } from '../load/wire.ts'
import { spreadOf } from '../statistics.ts'

// Buyers of Vendure; each order takes at least two requests: adding to the basket, which starts a session,
// and everything else in one.
const { url, crowd, seconds } = JSON.parse(process.argv[2] ?? '') as {
  url: string
  crowd: number
  seconds: number
}
const { hostname, port } = new URL(url)

const post = (query: string, token = '') => {
  const body = JSON.stringify({ query })
  const authorization = token && `authorization: Bearer ${token}\r\n`
  return (
    `POST /shop-api HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\n` +
    `${authorization}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  )
}
const problem = '... on ErrorResult { errorCode message }'
const intoBasket = `mutation { addItemToOrder(productVariantId: 1, quantity: 1) { __typename ${problem} } }`
const rest = (n: number) => `mutation {
  setCustomerForOrder(input: {
    firstName: "Bea", lastName: "Buyer", emailAddress: "buyer.${process.pid}.${n}@boxoffice.example"
  }) { __typename ${problem} }
  setOrderShippingAddress(input: {
    streetLine1: "Fredry 6", city: "Warszawa", postalCode: "00-097", countryCode: "PL"
  }) { __typename ${problem} }
  setOrderShippingMethod(shippingMethodId: [1]) { __typename ${problem} }
  transitionOrderToState(state: "ArrangingPayment") { __typename ${problem} }
  addPaymentToOrder(input: { method: "test", metadata: {} }) {
    __typename ${problem} ... on Order { code state }
  }
}`

const times: number[] = []
const problems: Record<string, number> = {}
let n = 0
const startedMs = performance.now()
const endMs = startedMs + seconds * 1_000
async function buyer(): Promise<void> {
  const wire = createWire(hostname, Number(port))
  while (performance.now() < endMs) {
    const beganMs = performance.now()
    try {
      const first = await wire.send(post(intoBasket), true)
      const token = /vendure-auth-token: *(\S+)/i.exec(first.head ?? '')?.[1] ?? ''
      const { body = '' } = await wire.send(post(rest(n++), token), true)
      if (body.includes('"state":"PaymentSettled"')) times.push(performance.now() - beganMs)
      else count(`${first.body?.slice(0, 200)} then ${body.slice(0, 600)}`)
    } catch (error) {
      count(String(error))
    }
  }
  wire.close()
}
const count = (why: string) => {
  problems[why] = (problems[why] ?? 0) + 1
}
process.send?.({ ready: true })
await Promise.all(Array.from({ length: crowd }, buyer))
const spent = (performance.now() - startedMs) / 1_000
const firstProblem = Object.entries(problems)[0]?.[0]
process.send?.({
  result: {
    seconds: spent,
    spread: spreadOf(times),
    failed: Object.values(problems).reduce((sum, some) => sum + some, 0),
    firstProblem,
  },
})
process.on('disconnect', () => process.exit(0))
