// Alerts on the service itself: whether it answers, fails, restarts, tells nothing any more, hits the daily cap, costs too much, and
// whether the alert rules are well. Rules over logs are those of ../../sentiment/supervision/alert_rule.json.

@description('Name of this installation.')
param environmentName string

@description('Azure region.')
param location string

@description('Tags of the alert rules.')
param tags object

@description('Resource id of the workspace.')
param workspaceId string

@description('Resource id of Application Insights.')
param componentId string

@description('Resource id of the app.')
param appId string

@description('Address that answers 200 while the service is ready.')
param readyUrl string

@description('Resource id of the action group that is told.')
param actionGroupId string

@description('Cost of the resource group in a month; 0: no budget.')
@minValue(0)
param monthlyBudget int

@description('First day of the budget\'s first month, such as 2026-12-01.')
param budgetStart string

var definition = loadJsonContent('../../sentiment/supervision/alert_rule.json')
var queries = {
  errors: loadTextContent('../../sentiment/queries/alert_errors.kql')
  silence: loadTextContent('../../sentiment/queries/alert_silence.kql')
  dailyCap: loadTextContent('../../sentiment/supervision/azure_only/alert_dailyCap.kql')
  learning: loadTextContent('../../sentiment/supervision/azure_only/alert_learning.kql')
}
var places = [
  'emea-nl-ams-azr'
  'emea-gb-db3-azr'
  'us-va-ash-azr'
]
var groups = [
  {
    actionGroupId: actionGroupId
  }
]

resource logAlert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in items(definition.serviceRules): {
    name: 'sentiloop-${rule.key}-${environmentName}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.value.displayName
      description: rule.value.description
      severity: rule.value.severity
      enabled: true
      scopes: [
        workspaceId
      ]
      evaluationFrequency: rule.value.evaluationFrequency
      windowSize: rule.value.windowSize
      autoMitigate: rule.value.autoMitigate
      skipQueryValidation: true // a new workspace does not have every table yet
      criteria: {
        allOf: [
          union(rule.value.criteria.allOf[0], { query: queries[rule.key] })
        ]
      }
      actions: {
        actionGroups: [
          actionGroupId
        ]
      }
    }
  }
]

// Asks from three places every five minutes, so that an app that nobody can reach is noticed, too.
resource readiness 'Microsoft.Insights/webtests@2022-06-15' = {
  name: 'ready-${environmentName}'
  location: location
  tags: union(tags, { 'hidden-link:${componentId}': 'Resource' })
  kind: 'standard'
  properties: {
    SyntheticMonitorId: 'ready-${environmentName}'
    Name: 'Sentiloop is ready (${environmentName})'
    Enabled: true
    Frequency: 300
    Timeout: 60
    Kind: 'standard'
    RetryEnabled: true
    Locations: [
      for place in places: {
        Id: place
      }
    ]
    Request: {
      RequestUrl: readyUrl
      HttpVerb: 'GET'
      ParseDependentRequests: false
    }
    ValidationRules: {
      ExpectedHttpStatusCode: 200
      SSLCheck: true
      SSLCertRemainingLifetimeCheck: 7
    }
  }
}

resource notReady 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'sentiloop-not-ready-${environmentName}'
  location: 'global'
  tags: tags
  properties: {
    description: 'From two of three places /readyz does not answer 200: see its answer, then the log of the revision.'
    severity: 1
    enabled: true
    scopes: [
      readiness.id
      componentId
    ]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: readiness.id
      componentId: componentId
      failedLocationCount: 2
    }
    actions: groups
  }
}

resource restarts 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'sentiloop-restarts-${environmentName}'
  location: 'global'
  tags: tags
  properties: {
    description: 'A replica was restarted three times within fifteen minutes: see `az containerapp logs show --type system`.'
    severity: 2
    enabled: true
    scopes: [
      appId
    ]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'restarts'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'RestartCount'
          metricNamespace: 'Microsoft.App/containerApps'
          timeAggregation: 'Maximum'
          operator: 'GreaterThanOrEqual'
          threshold: 3
        }
      ]
    }
    actions: groups
  }
}

// A log alert whose query fails for a week is switched off by Azure: its Resource Health says so before.
resource alertHealth 'Microsoft.Insights/activityLogAlerts@2020-10-01' = {
  name: 'sentiloop-alert-health-${environmentName}'
  location: 'global'
  tags: tags
  properties: {
    description: 'An alert rule cannot be evaluated any more, and would be switched off: see its Resource Health.'
    enabled: true
    scopes: [
      resourceGroup().id
    ]
    condition: {
      allOf: [
        {
          field: 'category'
          equals: 'ResourceHealth'
        }
        {
          field: 'resourceType'
          equals: 'Microsoft.Insights/scheduledQueryRules'
        }
        {
          field: 'properties.currentHealthStatus'
          containsAny: [
            'Degraded'
            'Unavailable'
          ]
        }
      ]
    }
    actions: {
      actionGroups: groups
    }
  }
}

resource budget 'Microsoft.Consumption/budgets@2023-11-01' = if (monthlyBudget > 0) {
  name: 'sentiloop-${environmentName}'
  properties: {
    amount: monthlyBudget
    category: 'Cost'
    timeGrain: 'Monthly'
    timePeriod: {
      startDate: budgetStart
    }
    notifications: {
      half: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 50
        thresholdType: 'Actual'
        contactEmails: []
        contactGroups: [
          actionGroupId
        ]
      }
      whole: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 100
        thresholdType: 'Actual'
        contactEmails: []
        contactGroups: [
          actionGroupId
        ]
      }
      foreseen: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 110
        thresholdType: 'Forecasted'
        contactEmails: []
        contactGroups: [
          actionGroupId
        ]
      }
    }
  }
}
