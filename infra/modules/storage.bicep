// What outlives every replica: the models and the feedback inbox, in Blob storage without keys. Azure Files would need the account's
// key for a mount, so the inbox is az://feedback/inbox by managed identity, and the spool of telemetry lies in the replica (app.bicep).

@description('Name of the storage account, unique in all of Azure.')
@minLength(3)
@maxLength(24)
param name string

@description('Azure region.')
param location string

@description('Tags of the account.')
param tags object

@description('Where the three copies lie: local, in one building, or zones, in three of the region.')
@allowed([
  'local'
  'zones'
])
param redundancy string

@description('Days that a deleted blob or container can be brought back.')
@minValue(1)
@maxValue(365)
param softDeleteDays int

@description('Object id of the app\'s identity.')
param appPrincipalId string

@description('Object id of the identity of learning jobs.')
param learningPrincipalId string

@description('Whether the roles of own_roles.json are given, which bootstrap.bicep makes; else Azure\'s nearest built-in ones.')
param ownRoles bool

@description('Days after which feedback, which is personal data, is deleted; 0: never.')
@minValue(0)
param feedbackDays int

@description('Days that earlier versions of blobs are kept; 0: for ever.')
@minValue(0)
param versionDays int

@description('Resource id of the workspace that records who reads and writes blobs; empty: nothing is recorded.')
param auditWorkspaceId string

var roles = loadJsonContent('../roles.json')
var feedbackCreator = ownRoles ? guid(resourceGroup().id, 'sentiloop', 'feedbackCreator') : roles.storageBlobDataContributor
var writerRole = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataContributor)
var readerRole = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataReader)
var skus = {
  local: 'Standard_LRS'
  zones: 'Standard_ZRS'
}

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: skus[redundancy]
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    isLocalUserEnabled: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: true
    deleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
  }
}

resource models 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: 'models'
  properties: {
    publicAccess: 'None'
  }
}

resource feedback 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: 'feedback'
  properties: {
    publicAccess: 'None'
  }
}

// What learning jobs hand on: the dataset of validated feedback and the measured drift.
resource learning 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: 'learning'
  properties: {
    publicAccess: 'None'
  }
}

resource mlflow 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: 'mlflow'
  properties: {
    publicAccess: 'None'
  }
}

module lifecycle 'lifecycle.bicep' = {
  name: 'lifecycle'
  params: {
    account: account.name
    feedbackDays: feedbackDays
    versionDays: versionDays
    auditWorkspaceId: auditWorkspaceId
  }
  dependsOn: [
    blobs
  ]
}

resource appWritesFeedback 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: feedback
  name: guid(feedback.id, appPrincipalId, feedbackCreator)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', feedbackCreator)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource appReadsModels 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: models
  name: guid(models.id, appPrincipalId, roles.storageBlobDataReader)
  properties: {
    roleDefinitionId: readerRole
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource learningWritesModels 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: models
  name: guid(models.id, learningPrincipalId, roles.storageBlobDataContributor)
  properties: {
    roleDefinitionId: writerRole
    principalId: learningPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Collecting puts many feedbacks into one blob, and removes the single ones (docs/storage.md).
resource learningCompactsFeedback 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: feedback
  name: guid(feedback.id, learningPrincipalId, roles.storageBlobDataContributor)
  properties: {
    roleDefinitionId: writerRole
    principalId: learningPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource learningHandsOn 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: learning
  name: guid(learning.id, learningPrincipalId, roles.storageBlobDataContributor)
  properties: {
    roleDefinitionId: writerRole
    principalId: learningPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource learningWritesRuns 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: mlflow
  name: guid(mlflow.id, learningPrincipalId, roles.storageBlobDataContributor)
  properties: {
    roleDefinitionId: writerRole
    principalId: learningPrincipalId
    principalType: 'ServicePrincipal'
  }
}

@description('Name of the storage account.')
output name string = account.name

@description('The feedback inbox, as the service takes it.')
output feedbackUrl string = 'az://${feedback.name}/inbox'

@description('The place of the models, as the flows take it.')
output modelsUrl string = 'az://${models.name}'

@description('Where learning jobs hand on their files.')
output stateUrl string = 'az://${learning.name}/state'

@description('Resource id of the account.')
output id string = account.id
