// Who acts: the app, the release, the learning and the upkeep workflow. No identity has a secret: the app's is attached to it, and GitHub
// exchanges its own token for that of the environment it runs in. What each may do is said beside each resource.

@description('Last part of the names of the identities.')
param suffix string

@description('Azure region.')
param location string

@description('Tags of the identities.')
param tags object

@description('How the subjects of the GitHub repository\'s tokens begin, such as repo:OWNER@ID/REPOSITORY@ID; infra/subject.py asks GitHub.')
param subjectPrefix string

@description('The GitHub environment whose jobs may release.')
param releaseEnvironment string

@description('The GitHub environment whose jobs may read feedback and publish models.')
param learningEnvironment string

@description('The GitHub environment whose jobs may end revisions without traffic.')
param upkeepEnvironment string

var roles = loadJsonContent('../roles.json')
var issuer = 'https://token.actions.githubusercontent.com'
var audience = 'api://AzureADTokenExchange'

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-app-${suffix}'
  location: location
  tags: tags
}

resource release 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-release-${suffix}'
  location: location
  tags: tags
}

resource learning 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-learning-${suffix}'
  location: location
  tags: tags
}

resource upkeep 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-upkeep-${suffix}'
  location: location
  tags: tags
}

resource releaseFromGitHub 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = {
  parent: release
  name: 'github'
  properties: {
    issuer: issuer
    subject: '${subjectPrefix}:environment:${releaseEnvironment}'
    audiences: [
      audience
    ]
  }
}

resource learningFromGitHub 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = {
  parent: learning
  name: 'github'
  properties: {
    issuer: issuer
    subject: '${subjectPrefix}:environment:${learningEnvironment}'
    audiences: [
      audience
    ]
  }
}

resource upkeepFromGitHub 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = {
  parent: upkeep
  name: 'github'
  properties: {
    issuer: issuer
    subject: '${subjectPrefix}:environment:${upkeepEnvironment}'
    audiences: [
      audience
    ]
  }
}

// A release writes the app again with the identity attached to it, and Azure asks whether the writer may attach it.
resource releaseAttachesApp 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: app
  name: guid(app.id, release.id, roles.managedIdentityOperator)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.managedIdentityOperator)
    principalId: release.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

@description('Resource id of the identity that is attached to the app.')
output appId string = app.id

@description('Client id of the identity that is attached to the app.')
output appClientId string = app.properties.clientId

@description('Object id of the identity that is attached to the app, for roles.')
output appPrincipalId string = app.properties.principalId

@description('Client id that release jobs log in with.')
output releaseClientId string = release.properties.clientId

@description('Object id of the identity of release jobs, for roles.')
output releasePrincipalId string = release.properties.principalId

@description('Client id that learning jobs log in with.')
output learningClientId string = learning.properties.clientId

@description('Object id of the identity of learning jobs, for roles.')
output learningPrincipalId string = learning.properties.principalId

@description('Client id that upkeep jobs log in with.')
output upkeepClientId string = upkeep.properties.clientId

@description('Object id of the identity of upkeep jobs, for roles.')
output upkeepPrincipalId string = upkeep.properties.principalId

@description('The identity of learning jobs, as they act in Azure: id, name, clientId, principalId.')
output learning object = {
  id: learning.id
  name: learning.name
  clientId: learning.properties.clientId
  principalId: learning.properties.principalId
}
