// The alert rules in Azure: 3 or more bad predictions in 5 minutes, and for a busy service their share in 6 hours. What they say is in
// ../sentiment/supervision/alert_rule.json and what they ask in ../sentiment/queries/alert.kql and alert_share.kql, which the local
// evaluator reads as well; here is only where they run and whom they tell.
targetScope = 'resourceGroup'

@description('Name of the alert rule by count; the one by share has `-share` behind it.')
param name string = 'bad-predictions'

@description('Azure region of the alert rules: the one of the workspace.')
param location string = resourceGroup().location

@description('Resource id of the Log Analytics workspace that Application Insights writes to.')
param workspaceId string

@description('Resource ids of the action groups that are told when an alert fires and when it is resolved.')
param actionGroupIds array = []

@description('Whether the rules are evaluated.')
param isEnabled bool = true

@description('Tags of the alert rules.')
param tags object = {}

var rule = loadJsonContent('../sentiment/supervision/alert_rule.json')
var query = loadTextContent('../sentiment/queries/alert.kql')
var share = rule.shareRule
var shareQuery = loadTextContent('../sentiment/queries/alert_share.kql')

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
    skipQueryValidation: true // a new workspace does not have the table yet
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

resource shareAlert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: '${name}-share'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: share.displayName
    description: share.description
    severity: share.severity
    enabled: isEnabled
    scopes: [
      workspaceId
    ]
    evaluationFrequency: share.evaluationFrequency
    windowSize: share.windowSize
    autoMitigate: share.autoMitigate
    skipQueryValidation: true // a new workspace does not have the table yet
    criteria: {
      allOf: [
        union(share.criteria.allOf[0], { query: shareQuery })
      ]
    }
    actions: {
      actionGroups: actionGroupIds
    }
  }
}

@description('Resource id of the alert rule by count.')
output id string = alert.id

@description('Resource id of the alert rule by share.')
output shareId string = shareAlert.id
