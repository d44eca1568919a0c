import { sqlOfPool } from '@boxoffice/service-kit'
import { recordSpans } from '@boxoffice/service-kit/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRecheckSweep } from '../src/transfers/recheck.ts'
import { buyer, newAddress, passOn } from './people.ts'
import { createSetting, type Setting, some } from './setting.ts'

let setting: Setting
let recorded: ReturnType<typeof recordSpans>
beforeAll(async () => {
  setting = await createSetting()
  recorded = recordSpans()
})
afterAll(async () => {
  await recorded.stop()
  await setting.close()
})

test('a transfer that waits is looked at again in the trace of whoever passed the ticket on', async () => {
  const { eventId, typeId } = await setting.offer(2)
  const sender = await buyer(setting, eventId, some(typeId, 1))
  const address = newAddress()
  expect(await passOn(sender, sender.ticketId, address)).toMatchObject({ status: 200 })
  await createRecheckSweep({ ...setting.deps, sql: sqlOfPool(setting.deps.pool), ...setting.deps.transfers })()
  const asked = recorded.spans().find(({ name }) => name.startsWith('POST') && name.endsWith('/transfer'))
  const looked = recorded.spans().find(({ name }) => name === 'recheck transfer')
  expect(looked).toMatchObject({ traceId: asked?.traceId, parentId: asked?.spanId })
  expect(recorded.spans()).toContainEqual(expect.objectContaining({ name: 'auth getUserByEmail', parentId: looked?.spanId }))
  expect(JSON.stringify(recorded.spans())).not.toContain(address)
})
