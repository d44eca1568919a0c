export { type ClientOptions, createBoxofficeClient, NoAnswerError } from './client.ts'
export type { RetryPolicy } from './retry.ts'
export type { AnswerOf, BodyOf, BoxofficeClient, CallOptions, RequestOf } from './types.ts'
