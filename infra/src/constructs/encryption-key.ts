import { aws_iam as iam, aws_kms as kms, RemovalPolicy } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { EnvironmentDefinition } from '../environments.ts'

/** A key of our own, rotated every year, that these AWS services may use for what they encrypt for us. */
export function createKey(
  scope: Construct,
  id: string,
  options: { environment: EnvironmentDefinition; description: string; principals?: readonly string[] },
): kms.Key {
  const { environment, description, principals = [] } = options
  const key = new kms.Key(scope, id, {
    description: `Boxoffice ${environment.name}: ${description}`,
    enableKeyRotation: true,
    removalPolicy: environment.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  })
  for (const principal of principals) {
    key.grantEncryptDecrypt(new iam.ServicePrincipal(principal))
  }
  return key
}
