// The databases of learning: the review queue, MLflow's runs and users, and Prefect. Logins are tokens of Entra; there is no password.

@description('Name of the server, unique in all of Azure.')
@maxLength(63)
param name string

@description('Azure region.')
param location string

@description('Tags of the server.')
param tags object

@description('Name of the identity of learning jobs, as which they log in.')
param learningName string

@description('Object id of the same identity.')
param learningPrincipalId string

@description('Resource id of a subnet of one\'s own that is delegated to PostgreSQL; empty: the server has a public address.')
param subnetId string

@description('Resource id of the private DNS zone that goes with the subnet.')
param dnsZoneId string

@description('Addresses beside Azure\'s own that may reach a public server, such as those of people who review: one IPv4 address each.')
param addresses array

@description('Whether a second server stands by in another zone of the region; not for the burstable size.')
param zoneRedundant bool

@description('Days for which the server can be restored to any moment.')
@minValue(7)
@maxValue(35)
param backupDays int

var isPrivate = !empty(subnetId)
var publicNetwork = {
  publicNetworkAccess: 'Enabled'
}
var privateNetwork = {
  delegatedSubnetResourceId: subnetId
  privateDnsZoneArmResourceId: dnsZoneId
}

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2024-08-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: zoneRedundant ? 'Standard_D2ds_v5' : 'Standard_B1ms'
    tier: zoneRedundant ? 'GeneralPurpose' : 'Burstable'
  }
  properties: {
    version: '16'
    authConfig: {
      activeDirectoryAuth: 'Enabled'
      passwordAuth: 'Disabled'
      tenantId: subscription().tenantId
    }
    storage: {
      storageSizeGB: 32
      autoGrow: 'Enabled'
    }
    backup: {
      backupRetentionDays: backupDays
      geoRedundantBackup: 'Disabled'
    }
    highAvailability: {
      mode: zoneRedundant ? 'ZoneRedundant' : 'Disabled'
    }
    network: isPrivate ? privateNetwork : publicNetwork
  }
}

// An administrator of this server alone, which holds nothing but learning's own databases: MLflow and Prefect make their tables.
resource learning 'Microsoft.DBforPostgreSQL/flexibleServers/administrators@2024-08-01' = {
  parent: server
  name: learningPrincipalId
  properties: {
    principalName: learningName
    principalType: 'ServicePrincipal'
    tenantId: subscription().tenantId
  }
  dependsOn: [
    extensions // the server takes one change of this kind at a time
  ]
}

resource review 'Microsoft.DBforPostgreSQL/flexibleServers/databases@2024-08-01' = {
  parent: server
  name: 'review'
  properties: {
    charset: 'UTF8'
    collation: 'en_US.utf8'
  }
}

resource mlflow 'Microsoft.DBforPostgreSQL/flexibleServers/databases@2024-08-01' = {
  parent: server
  name: 'mlflow'
  properties: {
    charset: 'UTF8'
    collation: 'en_US.utf8'
  }
}

resource mlflowUsers 'Microsoft.DBforPostgreSQL/flexibleServers/databases@2024-08-01' = {
  parent: server
  name: 'mlflow_users'
  properties: {
    charset: 'UTF8'
    collation: 'en_US.utf8'
  }
}

resource prefect 'Microsoft.DBforPostgreSQL/flexibleServers/databases@2024-08-01' = {
  parent: server
  name: 'prefect'
  properties: {
    charset: 'UTF8'
    collation: 'en_US.utf8'
  }
}

// Prefect's tables use these; the rest of the list is PostgreSQL's own.
resource extensions 'Microsoft.DBforPostgreSQL/flexibleServers/configurations@2024-08-01' = {
  parent: server
  name: 'azure.extensions'
  properties: {
    source: 'user-override'
    value: 'PG_TRGM'
  }
}

// 0.0.0.0 is Azure's name for its own addresses, of all customers: the token is what lets in.
resource fromAzure 'Microsoft.DBforPostgreSQL/flexibleServers/firewallRules@2024-08-01' = if (!isPrivate) {
  parent: server
  name: 'azure'
  properties: {
    startIpAddress: '0.0.0.0'
    endIpAddress: '0.0.0.0'
  }
}

resource fromPeople 'Microsoft.DBforPostgreSQL/flexibleServers/firewallRules@2024-08-01' = [
  for (address, number) in (isPrivate ? [] : addresses): {
    parent: server
    name: 'people-${number}'
    properties: {
      startIpAddress: address
      endIpAddress: address
    }
  }
]

@description('Name of the server in addresses.')
output host string = server.properties.fullyQualifiedDomainName
