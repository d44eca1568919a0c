/** A background activity beside the requests: a relay, a consumer, a sweeper. */
export interface Worker {
  readonly name: string
  start(): void
  /** Resolves when the work in progress has ended. */
  stop(): Promise<void>
}
