import type { paymentsSagaRoutes } from '@boxoffice/contracts'
import { cursorFields, defineCursor, type Handlers, refuse, refuseUnknown } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import { countSagas, endWait, findSagaFigures, listJournal, listSagas } from './saga-figures-repository.ts'

const cursor = defineCursor({ since: cursorFields.instant, orderId: cursorFields.id })

export function sagaHandlers({
  db,
  resumer,
  queuedOrders,
}: Dependencies): Handlers<typeof paymentsSagaRoutes> {
  return {
    async listSagas({ query }) {
      const after = cursor.decode(query.cursor)
      const [byState, rows] = await Promise.all([
        countSagas(db),
        listSagas(db, query.state, query.limit, after),
      ])
      const { page, nextCursor } = cursor.pageOf(rows, query.limit, (last) => last)
      return { status: 200, body: { byState, sagas: page, nextCursor } }
    },
    async getSaga({ params }) {
      const figures = await findSagaFigures(db, params.orderId)
      return figures
        ? { status: 200, body: { ...figures, events: await listJournal(db, params.orderId) } }
        : refuseUnknown('ORDER', params.orderId)
    },
    async resumeSaga({ params }) {
      const resumed = await endWait(db, params.orderId)
      if (resumed) {
        if (resumed.state === 'QUEUED') queuedOrders.nudge()
        else resumer.nudge()
        return { status: 202, body: resumed }
      }
      const figures = await findSagaFigures(db, params.orderId)
      return figures
        ? refuse(409, 'SAGA_ENDED', `nothing is left to do: it is ${figures.state}`)
        : refuseUnknown('ORDER', params.orderId)
    },
  }
}
