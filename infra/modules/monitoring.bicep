// Where telemetry goes and who reads it: a Log Analytics workspace and the Application Insights resource that writes to it.

@description('Last part of the names.')
param suffix string

@description('Azure region.')
param location string

@description('Tags of both resources.')
param tags object

@description('Days that the workspace keeps its rows; 31 are in the price, and 90 for the App* tables.')
@minValue(30)
@maxValue(730)
param retentionDays int

@description('Gigabytes a day after which the workspace takes no more until the next day; -1: no limit. What is refused is lost, feedback apart.')
param dailyQuotaGb int

@description('Whether telemetry is taken from Entra identities only. If not, whoever knows the connection string can write rows, and set off the alert.')
param entraOnly bool

@description('Object id of the identity that sends telemetry.')
param senderPrincipalId string

@description('Object id of the identity of learning jobs, which collect predictions and feedback.')
param learningPrincipalId string

@description('Who uses the page, the flows and the portal: id, an object id, and type, User, Group or ServicePrincipal.')
param reader object

var roles = loadJsonContent('../roles.json')
var logReaderRole = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.logAnalyticsDataReader)

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: 'log-${suffix}'
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    workspaceCapping: {
      dailyQuotaGb: dailyQuotaGb
    }
    features: {
      enableLogAccessUsingOnlyResourcePermissions: true
      disableLocalAuth: false // the Container Apps environment writes the console's log with the workspace's key
    }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${suffix}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: entraOnly
  }
}

resource appSends 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: component
  name: guid(component.id, senderPrincipalId, roles.monitoringMetricsPublisher)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.monitoringMetricsPublisher)
    principalId: senderPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// The job `reconcile` sends again what the logs lack.
resource learningSends 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: component
  name: guid(component.id, learningPrincipalId, roles.monitoringMetricsPublisher)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.monitoringMetricsPublisher)
    principalId: learningPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource learningReadsLogs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: workspace
  name: guid(workspace.id, learningPrincipalId, roles.logAnalyticsDataReader)
  properties: {
    roleDefinitionId: logReaderRole
    principalId: learningPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource peopleReadLogs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: workspace
  name: guid(workspace.id, reader.id, roles.logAnalyticsDataReader)
  properties: {
    roleDefinitionId: logReaderRole
    principalId: reader.id
    principalType: reader.type
  }
}

resource peopleReadComponent 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: component
  name: guid(component.id, reader.id, roles.monitoringReader)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.monitoringReader)
    principalId: reader.id
    principalType: reader.type
  }
}

@description('Resource id of the workspace.')
output workspaceId string = workspace.id

@description('The Workspace ID, a GUID, that queries ask.')
output customerId string = workspace.properties.customerId

@description('Resource id of Application Insights.')
output componentId string = component.id

@description('Where the service sends telemetry. It names a place and, where only Entra identities may write, opens nothing.')
output connectionString string = component.properties.ConnectionString
