// A vault for the keys, made by an Owner of the resource group before the rest: docs/azure-keys.md. The keys themselves are set by
// `az keyvault secret set`, so that they are in no deployment, no GitHub environment and no file.
targetScope = 'resourceGroup'

@description('Name of this installation, such as dev or prod.')
@minLength(2)
@maxLength(12)
param environmentName string

@description('Azure region.')
param location string = resourceGroup().location

@description('Object id of the person or group that sets the keys.')
param keeperId string

@description('What keeperId is.')
@allowed([
  'User'
  'Group'
])
param keeperType string = 'User'

@description('Days that a deleted vault or key can be brought back.')
@minValue(7)
@maxValue(90)
param softDeleteDays int = 90

var roles = loadJsonContent('roles.json')
var keeper = {
  id: keeperId
  type: keeperType
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: 'kv-${uniqueString(resourceGroup().id, environmentName)}'
  location: location
  properties: {
    tenantId: subscription().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: softDeleteDays
    enablePurgeProtection: true
    publicNetworkAccess: 'Enabled' // Container Apps reads it from Azure's own addresses; a role is what lets in
  }
}

resource keeperSetsKeys 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, keeper.id, roles.keyVaultSecretsOfficer)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsOfficer)
    principalId: keeper.id
    principalType: keeper.type
  }
}

@description('Name of the vault, for the parameter keyVault of main.bicep.')
output AZURE_KEY_VAULT string = vault.name
