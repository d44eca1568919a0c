import { ORDER_NOT_FOUND, type paymentsSagaRoutes, SAGA_ENDED } from '@boxoffice/contracts'
import {
  cursorFields,
  defineCursor,
  type Handlers,
  refuse,
  refuseUnknown,
  type Sql,
} from '@boxoffice/service-kit'
import { countSagas, findSagaFigures, listJournal, listSagas, retryNow } from './saga-figures-repository.ts'

const cursor = defineCursor({ since: cursorFields.instant, orderId: cursorFields.id })

/** `resumer` picks up due sagas; `queuedOrders` those that have not begun. */
export function sagaHandlers(deps: {
  db: Sql
  resumer: { nudge(): void }
  queuedOrders: { nudge(): void }
}): Handlers<typeof paymentsSagaRoutes> {
  const { db, resumer, queuedOrders } = deps
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
        : refuseUnknown(ORDER_NOT_FOUND, params.orderId)
    },
    async resumeSaga({ params }) {
      const resumed = await retryNow(db, params.orderId)
      if (resumed) {
        if (resumed.state === 'QUEUED') queuedOrders.nudge()
        else resumer.nudge()
        return { status: 202, body: resumed }
      }
      const figures = await findSagaFigures(db, params.orderId)
      return figures
        ? refuse(SAGA_ENDED, { message: `the saga has ended: it is ${figures.state}` })
        : refuseUnknown(ORDER_NOT_FOUND, params.orderId)
    },
  }
}
