import { serviceKeys } from '@boxoffice/contracts'
import { describe, expect, test } from 'vitest'
import { environments } from '../src/environments.ts'
import { everyEnvironment, objectsOf, resolved } from './synthesize.ts'

describe.each(everyEnvironment())('in %s', (name, { all, resources }) => {
  const environment = environments[name]
  const [cluster = {}] = resources('data', 'AWS::RDS::DBCluster').values()

  test('PostgreSQL requires TLS, is encrypted and backed up, and RDS rotates the master password', () => {
    expect(cluster).toMatchObject({
      Engine: 'aurora-postgresql',
      StorageEncrypted: true,
      EnableIAMDatabaseAuthentication: true,
      ManageMasterUserPassword: true,
      BackupRetentionPeriod: environment.database.backupDays,
      DeletionProtection: environment.keepsData,
      ServerlessV2ScalingConfiguration: {
        MinCapacity: environment.database.capacityMin,
        MaxCapacity: environment.database.capacityMax,
      },
    })
    expect(cluster.MasterUserPassword).toBeUndefined()
    const [parameters] = resources('data', 'AWS::RDS::DBClusterParameterGroup').values()
    expect(parameters?.Parameters).toMatchObject({
      'rds.force_ssl': '1',
      max_connections: String(environment.database.connectionsMax),
      log_min_duration_statement: '1000',
      // Slow and failed statements are logged, their parameters are not.
      log_parameter_max_length: '0',
      log_parameter_max_length_on_error: '0',
      log_error_verbosity: 'terse',
    })
    const instances = [...resources('data', 'AWS::RDS::DBInstance').values()]
    expect(instances).toHaveLength(1 + environment.database.readers)
    for (const instance of instances)
      expect(instance).toMatchObject({ PubliclyAccessible: false, DBInstanceClass: 'db.serverless' })
  })

  test('data is retained when its stack is deleted in prod, and deleted with it in dev', () => {
    const database = Object.values(all.data.Resources).find(({ Type }) => Type === 'AWS::RDS::DBCluster')
    expect(database?.DeletionPolicy).toBe(environment.keepsData ? 'Snapshot' : 'Delete')
  })

  test('archived dead letters are encrypted, private, TLS-only, versioned, and expire after a year', () => {
    const [[id, bucket] = ['', {}], ...others] = resources('data', 'AWS::S3::Bucket')
    expect(others).toEqual([])
    expect(bucket).toMatchObject({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } },
        ],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      VersioningConfiguration: { Status: 'Enabled' },
    })
    const [key] = [...objectsOf(bucket.BucketEncryption ?? null)].flatMap((part) => part.KMSMasterKeyID ?? [])
    expect(resolved(key)).toBe(`{{boxoffice-${name}-messaging}}`) // the key of the queues
    expect(bucket.LifecycleConfiguration).toMatchObject({
      Rules: [
        { Status: 'Enabled', ExpirationInDays: 365, NoncurrentVersionExpiration: { NoncurrentDays: 30 } },
        { Status: 'Enabled', ExpiredObjectDeleteMarker: true },
      ],
    })
    // one with objects cannot be deleted
    expect(all.data.Resources[id]?.DeletionPolicy).toBe('RetainExceptOnCreate')
    const [policy] = [...resources('data', 'AWS::S3::BucketPolicy').values()]
    expect(policy?.PolicyDocument).toMatchObject({
      Statement: [
        {
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Action: 's3:*',
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ],
    })
  })

  test('only the command line’s task knows the bucket of archived dead letters', () => {
    const [id] = resources('data', 'AWS::S3::Bucket').keys()
    const tasks = [...resources('data', 'AWS::ECS::TaskDefinition').values()].map(
      ({ Family, ContainerDefinitions }) => [
        Family,
        [...objectsOf(ContainerDefinitions ?? null)].flatMap(({ Name, Value }) =>
          Name === 'DEAD_LETTER_BUCKET' ? [resolved(Value)] : [],
        ),
      ],
    )
    expect(Object.fromEntries(tasks)).toEqual({
      [`boxoffice-${name}-operations`]: [`{${id}}`],
      [`boxoffice-${name}-migrations`]: [],
    })
  })

  test('the connection limit covers the pools of the maximum number of tasks during a deployment', () => {
    const { services } = environment
    const pools = serviceKeys.reduce(
      (sum, key) => sum + services[key].tasksMax * services[key].databasePoolSize,
      0,
    )
    // the rest is for migrations, RDS itself and people
    const room = environment.database.connectionsMax * 0.9
    expect(2 * pools).toBeLessThanOrEqual(room)
  })

  test('holds and caches have separate Redis stores with TLS and a password; only the caches evict', () => {
    const groups = [...resources('data', 'AWS::ElastiCache::ReplicationGroup').values()]
    const policies = groups.map((group) => {
      expect(group).toMatchObject({
        Engine: 'valkey',
        TransitEncryptionEnabled: true,
        AtRestEncryptionEnabled: true,
      })
      expect(resolved(group.AuthToken)).toMatch(/^\{\{resolve:secretsmanager:/)
      const parameters = all.data.Resources[resolved(group.CacheParameterGroupName).slice(1, -1)]?.Properties
      return [group.ReplicationGroupId, parameters?.Properties]
    })
    expect(policies).toEqual([
      [`boxoffice-${name}-holds`, { 'maxmemory-policy': 'noeviction' }],
      [`boxoffice-${name}-cache`, { 'maxmemory-policy': 'allkeys-lru' }],
    ])
    for (const group of groups)
      expect(group).toMatchObject({
        MultiAZEnabled: name === 'prod',
        AutomaticFailoverEnabled: name === 'prod',
      })
  })

  test('the network spans the environment’s zones, and data subnets have no route to the internet', () => {
    const subnets = [...resources('network', 'AWS::EC2::Subnet').values()]
    expect(new Set(subnets.map(({ AvailabilityZone }) => AvailabilityZone)).size).toBe(environment.zones)
    expect(resources('network', 'AWS::EC2::NatGateway').size).toBe(environment.natGateways)
    for (const subnet of subnets) expect(subnet.MapPublicIpOnLaunch).toBe(false)
  })
})
