// What GitHub needs before it may deploy all the rest (.github/workflows/infra.yml), and roles that Azure lacks: an owner of the
// resource group runs this once, by hand. One identity previews and changes nothing. The other one manages the resources of this
// group, and gives away the roles below, and none that gives away roles.
targetScope = 'resourceGroup'

@description('Name of this installation, such as dev or prod.')
@minLength(2)
@maxLength(12)
param environmentName string

@description('Azure region.')
param location string = resourceGroup().location

@description('How the subjects of the GitHub repository\'s tokens begin, such as repo:OWNER@ID/REPOSITORY@ID; infra/subject.py asks GitHub.')
param subjectPrefix string

@description('The GitHub environment whose jobs may preview: for pull requests as well.')
param previewEnvironment string = 'preview'

@description('The GitHub environment whose jobs may deploy: for the branch main alone.')
param deployEnvironment string = 'infrastructure'

var roles = loadJsonContent('roles.json')
var ownRoles = loadJsonContent('own_roles.json')
var group = resourceGroup().id
var label = '${environmentName}, ${uniqueString(group)}' // the title of a role is unique in the whole directory
var ownIds = {
  feedbackCreator: guid(group, 'sentiloop', 'feedbackCreator')
  previewer: guid(group, 'sentiloop', 'previewer')
  releaser: guid(group, 'sentiloop', 'releaser')
  retirer: guid(group, 'sentiloop', 'retirer')
}
var given = [
  ownIds.feedbackCreator
  ownIds.releaser
  ownIds.retirer
  roles.acrPull
  roles.acrPush
  roles.containerAppsContributor
  roles.containerAppsJobsOperator
  roles.keyVaultSecretsUser
  roles.logAnalyticsDataReader
  roles.managedIdentityOperator
  roles.monitoringMetricsPublisher
  roles.monitoringReader
  roles.storageBlobDataContributor
  roles.storageBlobDataReader
  roles.workbookReader
]
var write = 'Microsoft.Authorization/roleAssignments/write'
var delete = 'Microsoft.Authorization/roleAssignments/delete'
var asked = '@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]'
var stored = '@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId]'
var isGiven = 'ForAnyOfAnyValues:GuidEquals {${join(given, ', ')}}'
var issuer = 'https://token.actions.githubusercontent.com'
var audience = 'api://AzureADTokenExchange'

resource feedbackCreator 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: ownIds.feedbackCreator
  properties: {
    roleName: 'Sentiloop: ${ownRoles.feedbackCreator.title} (${label})'
    description: ownRoles.feedbackCreator.description
    type: 'CustomRole'
    permissions: [
      {
        actions: ownRoles.feedbackCreator.actions
        dataActions: ownRoles.feedbackCreator.dataActions
      }
    ]
    assignableScopes: [
      group
    ]
  }
}

resource previewer 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: ownIds.previewer
  properties: {
    roleName: 'Sentiloop: ${ownRoles.previewer.title} (${label})'
    description: ownRoles.previewer.description
    type: 'CustomRole'
    permissions: [
      {
        actions: ownRoles.previewer.actions
        dataActions: ownRoles.previewer.dataActions
      }
    ]
    assignableScopes: [
      group
    ]
  }
}

resource releaser 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: ownIds.releaser
  properties: {
    roleName: 'Sentiloop: ${ownRoles.releaser.title} (${label})'
    description: ownRoles.releaser.description
    type: 'CustomRole'
    permissions: [
      {
        actions: ownRoles.releaser.actions
        dataActions: ownRoles.releaser.dataActions
      }
    ]
    assignableScopes: [
      group
    ]
  }
}

resource retirer 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: ownIds.retirer
  properties: {
    roleName: 'Sentiloop: ${ownRoles.retirer.title} (${label})'
    description: ownRoles.retirer.description
    type: 'CustomRole'
    permissions: [
      {
        actions: ownRoles.retirer.actions
        dataActions: ownRoles.retirer.dataActions
      }
    ]
    assignableScopes: [
      group
    ]
  }
}

resource preview 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-preview-sentiloop-${environmentName}'
  location: location
}

resource previewFromGitHub 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = {
  parent: preview
  name: 'github'
  properties: {
    issuer: issuer
    subject: '${subjectPrefix}:environment:${previewEnvironment}'
    audiences: [
      audience
    ]
  }
}

resource deployer 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-infra-sentiloop-${environmentName}'
  location: location
}

resource deployerFromGitHub 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = {
  parent: deployer
  name: 'github'
  properties: {
    issuer: issuer
    subject: '${subjectPrefix}:environment:${deployEnvironment}'
    audiences: [
      audience
    ]
  }
}

resource previewReads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: resourceGroup()
  name: guid(resourceGroup().id, preview.id, roles.reader)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.reader)
    principalId: preview.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource previewAsks 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: resourceGroup()
  name: guid(resourceGroup().id, preview.id, ownIds.previewer)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', ownIds.previewer)
    principalId: preview.properties.principalId
    principalType: 'ServicePrincipal'
  }
  dependsOn: [
    previewer
  ]
}

resource managesResources 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: resourceGroup()
  name: guid(resourceGroup().id, deployer.id, roles.contributor)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.contributor)
    principalId: deployer.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource givesRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: resourceGroup()
  name: guid(resourceGroup().id, deployer.id, roles.roleBasedAccessControlAdministrator)
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.roleBasedAccessControlAdministrator
    )
    principalId: deployer.properties.principalId
    principalType: 'ServicePrincipal'
    conditionVersion: '2.0'
    condition: '((!(ActionMatches{\'${write}\'})) OR (${asked} ${isGiven})) AND ((!(ActionMatches{\'${delete}\'})) OR (${stored} ${isGiven}))'
  }
}

@description('The variable AZURE_CLIENT_ID of the GitHub environment that deploys.')
output AZURE_DEPLOY_CLIENT_ID string = deployer.properties.clientId

@description('The variable AZURE_CLIENT_ID of the GitHub environment that previews.')
output AZURE_PREVIEW_CLIENT_ID string = preview.properties.clientId
