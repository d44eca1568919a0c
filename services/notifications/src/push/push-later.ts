import { type Callee, ServiceUnavailable } from '@boxoffice/service-kit'

/** A push service that cannot take it now, and from when it may, if it says so. */
export class PushLater extends ServiceUnavailable {
  readonly retryAfterMs: number
  constructor(callee: Callee, retryAfterMs: number, cause: unknown) {
    super(callee, 'ANSWER', true, cause)
    this.retryAfterMs = retryAfterMs
  }
}
