import { aws_iam as iam, aws_kms as kms, RemovalPolicy, Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { EnvironmentDefinition } from '../environments.ts'

/**
 * Retains a resource that holds data when its stack is deleted, if the environment keeps data; a failed
 * creation is still removed, so that it can be repeated.
 */
export const removalOf = ({ keepsData }: EnvironmentDefinition): RemovalPolicy =>
  keepsData ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY

/** Creates a KMS key with yearly rotation that these AWS services may encrypt with. */
export function createKey(
  scope: Construct,
  id: string,
  options: { environment: EnvironmentDefinition; description: string; principals?: readonly string[] },
): kms.Key {
  const { environment, description, principals = [] } = options
  const key = new kms.Key(scope, id, {
    description: `Boxoffice ${environment.name}: ${description}`,
    enableKeyRotation: true,
    removalPolicy: removalOf(environment),
  })
  for (const principal of principals) {
    key.grantEncryptDecrypt(
      new iam.ServicePrincipal(principal, {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
      }),
    )
  }
  return key
}
