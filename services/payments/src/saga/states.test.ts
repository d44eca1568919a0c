import { type SagaState, sagaStatesInProgress, sagaStatesTerminal } from '@boxoffice/contracts'
import { expect, test } from 'vitest'
import { endCharge } from './charge-calls.ts'
import { state } from './declare.ts'
import { type InputType, isRequest, requestTypes } from './input.ts'
import * as buy from './purchase-rules.ts'
import { declarationOf, isTerminal, states } from './states.ts'

/** Every input that a call, a message, a webhook or a worker can give a saga. */
const facts = Object.keys({
  ...{
    RESERVED: 1,
    REFUSED: 1,
    CHARGED: 1,
    DECLINED: 1,
    CHARGE_UNKNOWN: 1,
    EVENT_CANCELLED: 1,
    LIMIT_PASSED: 1,
  },
  ...{
    NOT_CHARGED: 1,
    GATEWAY_UNREACHABLE: 1,
    RELEASED: 1,
    TICKETS_ISSUED: 1,
    TICKETS_REJECTED: 1,
    ISSUE_GIVEN_UP: 1,
  },
  ...{
    TICKETS_CANCELLED: 1,
    TICKETS_WITHDRAWN: 1,
    WITHDRAWAL_REFUSED: 1,
    REFUND_DONE: 1,
    REFUNDED_ELSEWHERE: 1,
  },
} satisfies Record<Exclude<InputType, (typeof requestTypes)[number]>, 1>) as InputType[]
const inputs = [...requestTypes, ...facts]
const all = Object.keys(states) as SagaState[]

const rulesOf = (state: SagaState) => {
  const { answers, requests, reports } = declarationOf(state)
  return { ...answers, ...requests, ...reports }
}
/** How a state treats an input: a rule, ignored as late, refused as a request, or an error. */
function fateOf(state: SagaState, input: InputType): 'rule' | 'late' | 'refused' | 'unexpected' {
  if (input in rulesOf(state)) return 'rule'
  if (declarationOf(state).late?.includes(input)) return 'late'
  return isRequest(input) ? 'refused' : 'unexpected'
}

test('every state defines the treatment of every input', () => {
  expect(all.toSorted()).toEqual([...sagaStatesInProgress, ...sagaStatesTerminal].toSorted())
  expect(all.filter(isTerminal).toSorted()).toEqual(sagaStatesTerminal.toSorted())
  const fates = all.flatMap((state) => inputs.map((input) => fateOf(state, input)))
  const count = (fate: string) => fates.filter((one) => one === fate).length
  expect({ rule: count('rule'), late: count('late'), refused: count('refused') }).toEqual({
    rule: 52,
    late: 31,
    refused: 66,
  })
  expect(count('unexpected')).toBe(all.length * inputs.length - 52 - 31 - 66)
})

test('what may come late is not what a rule takes, and no request is late: it is refused', () => {
  for (const state of all) {
    for (const input of declarationOf(state).late ?? []) {
      expect(rulesOf(state), state).not.toHaveProperty(input)
      expect(isRequest(input), `${state} ${input}`).toBe(false)
    }
  }
})

test('what the gateway or the ticket service repeat about a paid order is late in its state', () => {
  const paid: SagaState[] = ['CANCELLING_TICKETS', 'REFUNDING', 'WITHDRAWING_TICKETS', 'REPAYING', 'REFUNDED']
  for (const state of paid) {
    for (const input of ['CHARGED', 'DECLINED', 'TICKETS_ISSUED', 'TICKETS_REJECTED'] as const) {
      expect(fateOf(state, input), `${state} ${input}`).toBe('late')
    }
  }
})

test('a call whose answer its state does not name does not compile, nor an impossible rule', () => {
  const answers = { CHARGED: buy.charged, DECLINED: buy.endDeclined, NOT_CHARGED: buy.endNotCharged }
  // @ts-expect-error the call may answer GATEWAY_UNREACHABLE
  state({ step: 'CHARGE', call: endCharge, answers })
  const all = { ...answers, GATEWAY_UNREACHABLE: buy.endUnreachable }
  state({ step: 'CHARGE', call: endCharge, answers: all })
  // @ts-expect-error the call never answers CHARGE_UNKNOWN
  state({ step: 'CHARGE', call: endCharge, answers: { ...all, CHARGE_UNKNOWN: buy.unknown } })
  expect(declarationOf('CANCELLING_CHARGE').answers).toEqual(all)
})
