import { serviceKeys } from '@boxoffice/contracts'
import { describe, expect, test } from 'vitest'
import { environments } from '../src/environments.ts'
import { everyEnvironment, resolved } from './synthesize.ts'

describe.each(everyEnvironment())('in %s', (name, { all, resources }) => {
  const environment = environments[name]
  const [cluster = {}] = resources('data', 'AWS::RDS::DBCluster').values()

  test('PostgreSQL takes TLS alone, is encrypted and backed up, and its administrator’s password is RDS’s to change', () => {
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
      // Slow and failed statements are logged, what people wrote is not.
      log_parameter_max_length: '0',
      log_parameter_max_length_on_error: '0',
      log_error_verbosity: 'terse',
    })
    const instances = [...resources('data', 'AWS::RDS::DBInstance').values()]
    expect(instances).toHaveLength(1 + environment.database.readers)
    for (const instance of instances)
      expect(instance).toMatchObject({ PubliclyAccessible: false, DBInstanceClass: 'db.serverless' })
  })

  test('what holds data outlives its stack in prod, and goes with it in dev', () => {
    const database = Object.values(all.data.Resources).find(({ Type }) => Type === 'AWS::RDS::DBCluster')
    expect(database?.DeletionPolicy).toBe(environment.keepsData ? 'Snapshot' : 'Delete')
  })

  test('the pools of all tasks at their most fit into the connections, twice while a deployment replaces them', () => {
    const { services } = environment
    const pools = serviceKeys.reduce(
      (sum, key) => sum + services[key].tasksMax * services[key].databasePoolSize,
      0,
    )
    const room = environment.database.connectionsMax * 0.9 // the rest is for migrations, RDS itself and people
    expect(2 * pools).toBeLessThanOrEqual(room)
  })

  test('holds are never dropped and caches may be, each on Redis of its own, with TLS and a password', () => {
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

  test('the network has as many zones as the environment asks for, and data none that leads outside', () => {
    const subnets = [...resources('network', 'AWS::EC2::Subnet').values()]
    expect(new Set(subnets.map(({ AvailabilityZone }) => AvailabilityZone)).size).toBe(environment.zones)
    expect(resources('network', 'AWS::EC2::NatGateway').size).toBe(environment.natGateways)
    for (const subnet of subnets) expect(subnet.MapPublicIpOnLaunch).toBe(false)
  })
})
