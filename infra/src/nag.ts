import { Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'

/** Say why a rule of cdk-nag does not apply to a construct and what is below it. */
export function acknowledge(construct: IConstruct, id: string, reason: string): void {
  Validations.of(construct).acknowledge({ id, reason })
}
