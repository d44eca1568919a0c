import type { NotificationId, OrderId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'

/** A status of the mail that brings an order's tickets; of one mail, the higher version is newer. */
export interface DeliveryUpdate {
  orderId: OrderId
  notificationId: NotificationId
  version: number
}

/** Stores when an order's tickets reached their buyer, by the first mail that did. */
export async function markDelivered(
  tx: Tx,
  { orderId, notificationId, version }: DeliveryUpdate,
  at: Date,
): Promise<void> {
  await tx.query(
    `update tickets set delivered_at = $4, delivery_mail = $2, delivery_version = $3
     where order_id = $1 and case when delivery_mail = $2 then delivery_version < $3
       else delivered_at is null end`,
    [orderId, notificationId, version, at],
  )
}

/**
 * Clears the delivery: the mail bounced or could not be sent. Ignored for any mail other than the one that
 * was delivered.
 */
export async function markUndelivered(
  tx: Tx,
  { orderId, notificationId, version }: DeliveryUpdate,
): Promise<void> {
  await tx.query(
    `update tickets set delivered_at = null, delivery_mail = $2, delivery_version = $3
     where order_id = $1 and (delivery_mail is null or delivery_mail = $2 and delivery_version < $3)`,
    [orderId, notificationId, version],
  )
}
