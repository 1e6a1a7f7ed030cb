// Who may use what an Owner made beforehand: keys of a vault (../vault.bicep) and images of a registry (../registry.bicep).

@description('Name of the vault; empty: none.')
param keyVault string

@description('Name of the registry; empty: none.')
param registry string

@description('Object id of the app\'s identity.')
param appPrincipalId string

@description('Object id of the identity of release jobs.')
param releasePrincipalId string

@description('Object id of the identity of learning jobs.')
param learningPrincipalId string

var roles = loadJsonContent('../roles.json')
var vaultName = empty(keyVault) ? 'none' : keyVault
var registryName = empty(registry) ? 'nonenone' : registry

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: vaultName
}

resource images 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = {
  name: registryName
}

resource appReadsKeys 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(keyVault)) {
  scope: vault
  name: guid(vault.id, appPrincipalId, roles.keyVaultSecretsUser)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsUser)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource learningReadsKeys 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(keyVault)) {
  scope: vault
  name: guid(vault.id, learningPrincipalId, roles.keyVaultSecretsUser)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsUser)
    principalId: learningPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource appPulls 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(registry)) {
  scope: images
  name: guid(images.id, appPrincipalId, roles.acrPull)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.acrPull)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource learningPulls 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(registry)) {
  scope: images
  name: guid(images.id, learningPrincipalId, roles.acrPull)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.acrPull)
    principalId: learningPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource releasePushes 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(registry)) {
  scope: images
  name: guid(images.id, releasePrincipalId, roles.acrPush)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.acrPush)
    principalId: releasePrincipalId
    principalType: 'ServicePrincipal'
  }
}

@description('Server of the registry; empty: none.')
output registryServer string = empty(registry) ? '' : '${registry}${environment().suffixes.acrLoginServer}'
