/** Something that works beside the requests: a relay, a consumer, a sweeper. */
export interface Worker {
  readonly name: string
  start(): void
  /** Resolves when what is at work has ended. */
  stop(): Promise<void>
}
