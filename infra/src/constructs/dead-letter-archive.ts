import { Duration, type aws_kms as kms, RemovalPolicy, aws_s3 as s3 } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { acknowledge } from '../nag.ts'

/** As long as the notification service keeps its record of a dead letter. */
const KEEP_DAYS = 365
/** For an object that was replaced or deleted. */
const KEEP_REPLACED_DAYS = 30

/**
 * Creates the bucket into which the operators' command line puts dead letters before it purges them. A letter
 * that is put again becomes a new version, so that its writer can replace none. They are not locked: a letter
 * may have to be deleted, since it may name a person. Encrypted under the key of the queues that they come
 * from.
 */
export function createDeadLetterArchive(scope: Construct, key: kms.IKey): s3.Bucket {
  const bucket = new s3.Bucket(scope, 'DeadLetterArchive', {
    encryption: s3.BucketEncryption.KMS,
    encryptionKey: key,
    bucketKeyEnabled: true,
    enforceSSL: true,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    versioned: true,
    lifecycleRules: [
      {
        expiration: Duration.days(KEEP_DAYS),
        noncurrentVersionExpiration: Duration.days(KEEP_REPLACED_DAYS),
        abortIncompleteMultipartUploadAfter: Duration.days(1),
      },
      { expiredObjectDeleteMarker: true },
    ],
    // a bucket with something in it cannot be deleted
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  })
  acknowledge(
    bucket,
    'AwsSolutions-S1',
    'one task writes to it, and nothing of ours reads it: who does is in CloudTrail, ' +
      'if the account records access to objects',
  )
  return bucket
}
