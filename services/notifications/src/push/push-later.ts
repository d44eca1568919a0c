import { type Callee, ServiceUnavailable } from '@boxoffice/service-kit'

/** A push service cannot accept the push now; `retryAfterMs`: when it may, 0 if unknown. */
export class PushLater extends ServiceUnavailable {
  readonly retryAfterMs: number
  constructor(callee: Callee, retryAfterMs: number, cause: unknown) {
    super(callee, 'ANSWER', true, cause)
    this.retryAfterMs = retryAfterMs
  }
}
