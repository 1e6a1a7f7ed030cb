// Where containers run: a Container Apps environment on the Consumption profile, its console's log in the workspace.

@description('Name of the environment.')
param name string

@description('Azure region.')
param location string

@description('Tags of the environment.')
param tags object

@description('Resource id of the workspace that gets the log of the console.')
param workspaceId string

@description('The Workspace ID, a GUID, of the same workspace.')
param customerId string

@description('Object id of the identity of release jobs.')
param releasePrincipalId string

@description('Whether the roles of own_roles.json are given, which bootstrap.bicep makes; else Azure\'s nearest built-in ones.')
param ownRoles bool

@description('Resource id of a subnet of one\'s own; empty: a network of Azure\'s. It cannot be changed later.')
param subnetId string

@description('Whether replicas are spread over the zones of the region; it takes a subnet, and cannot be changed later.')
param zoneRedundant bool

var ownNetwork = {
  infrastructureSubnetId: subnetId
  internal: false
}
var roles = loadJsonContent('../roles.json')
var releaser = ownRoles ? guid(resourceGroup().id, 'sentiloop', 'releaser') : roles.containerAppsContributor

resource environment 'Microsoft.App/managedEnvironments@2025-01-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    appLogsConfiguration: {
      destination: 'log-analytics'
      logAnalyticsConfiguration: {
        customerId: customerId
        sharedKey: listKeys(workspaceId, '2025-02-01').primarySharedKey
      }
    }
    vnetConfiguration: empty(subnetId) ? null : ownNetwork
    zoneRedundant: zoneRedundant
    workloadProfiles: [
      {
        name: 'Consumption'
        workloadProfileType: 'Consumption'
      }
    ]
  }
}

// Writing an app again takes the right to join its environment, which this role has; it has none over the environment itself.
resource releaseJoins 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: environment
  name: guid(environment.id, releasePrincipalId, releaser)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', releaser)
    principalId: releasePrincipalId
    principalType: 'ServicePrincipal'
  }
}

@description('Resource id of the environment.')
output id string = environment.id

@description('Last part of the addresses of its apps.')
output defaultDomain string = environment.properties.defaultDomain
