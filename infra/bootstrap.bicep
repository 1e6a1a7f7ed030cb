// Who may deploy all the rest from GitHub (.github/workflows/infra.yml): an owner of the resource group runs this once, by hand.
// The identity manages the resources of this group, and gives away the roles of roles.json alone, and none that gives away roles.
targetScope = 'resourceGroup'

@description('Name of this installation, such as dev or prod.')
@minLength(2)
@maxLength(12)
param environmentName string

@description('Azure region.')
param location string = resourceGroup().location

@description('The GitHub repository whose workflow deploys, as OWNER/REPOSITORY.')
param repository string

@description('The GitHub environment whose jobs may deploy: give it required reviewers.')
param githubEnvironment string = 'infrastructure'

var roles = loadJsonContent('roles.json')
var given = [
  roles.containerAppsContributor
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

resource deployer 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-infra-sentiloop-${environmentName}'
  location: location
}

resource deployerFromGitHub 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = {
  parent: deployer
  name: 'github'
  properties: {
    issuer: 'https://token.actions.githubusercontent.com'
    subject: 'repo:${repository}:environment:${githubEnvironment}'
    audiences: [
      'api://AzureADTokenExchange'
    ]
  }
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
output AZURE_CLIENT_ID string = deployer.properties.clientId
