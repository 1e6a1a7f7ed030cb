// The alert rule in Azure: 3 or more bad predictions in 5 minutes. What it says is in ../sentiment/supervision/alert_rule.json and what it
// asks in ../sentiment/queries/alert.kql, which the local evaluator reads as well; here is only where it runs and whom it tells.
targetScope = 'resourceGroup'

@description('Name of the alert rule.')
param name string = 'bad-predictions'

@description('Azure region of the alert rule: the one of the workspace.')
param location string = resourceGroup().location

@description('Resource id of the Log Analytics workspace that Application Insights writes to.')
param workspaceId string

@description('Resource ids of the action groups that are told when the alert fires and when it is resolved.')
param actionGroupIds array = []

@description('Whether the rule is evaluated.')
param isEnabled bool = true

@description('Tags of the alert rule.')
param tags object = {}

var rule = loadJsonContent('../sentiment/supervision/alert_rule.json')
var query = loadTextContent('../sentiment/queries/alert.kql')

resource alert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: name
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: rule.displayName
    description: rule.description
    severity: rule.severity
    enabled: isEnabled
    scopes: [
      workspaceId
    ]
    evaluationFrequency: rule.evaluationFrequency
    windowSize: rule.windowSize
    autoMitigate: rule.autoMitigate
    criteria: {
      allOf: [
        union(rule.criteria.allOf[0], { query: query })
      ]
    }
    actions: {
      actionGroups: actionGroupIds
    }
  }
}

@description('Resource id of the alert rule.')
output id string = alert.id
