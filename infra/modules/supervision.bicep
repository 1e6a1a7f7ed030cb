// What people look at and what wakes them: the workbook, the action group, and every alert. What the alerts say is in
// ../../sentiment/supervision/alert_rule.json.

@description('Name of this installation.')
param environmentName string

@description('Azure region.')
param location string

@description('Tags of everything.')
param tags object

@description('Resource id of the workspace.')
param workspaceId string

@description('Resource id of Application Insights.')
param componentId string

@description('Resource id of the app.')
param appId string

@description('Address of the app.')
param appUrl string

@description('Who may open the workbook: id, an object id, and type, User, Group or ServicePrincipal.')
param reader object

@description('Mail addresses that are told of alerts.')
param mails array

@description('Phone numbers that get an SMS on alerts, each as COUNTRY-NUMBER.')
param phones array

@description('Whether alerts also watch the service and its telemetry, not only what people say of predictions.')
param watchesService bool

@description('Cost of the resource group in a month, in the currency of the subscription, of which people are told at half, at all of it, and when it is foreseen; 0: no budget.')
@minValue(0)
param monthlyBudget int

@description('First day of the budget\'s first month.')
param budgetStart string

module workbook 'workbook.bicep' = {
  name: 'workbook'
  params: {
    displayName: 'Sentiloop (${environmentName})'
    location: location
    tags: tags
    workspaceId: workspaceId
    reader: reader
  }
}

module notify 'notify.bicep' = {
  name: 'notify'
  params: {
    name: 'ag-sentiloop-${environmentName}'
    tags: tags
    mails: mails
    phones: phones
  }
}

module alert '../alert.bicep' = {
  name: 'alert'
  params: {
    name: 'bad-predictions-${environmentName}'
    location: location
    tags: tags
    workspaceId: workspaceId
    actionGroupIds: [
      notify.outputs.id
    ]
  }
}

module service 'service_alerts.bicep' = if (watchesService) {
  name: 'service-alerts'
  params: {
    environmentName: environmentName
    location: location
    tags: tags
    workspaceId: workspaceId
    componentId: componentId
    appId: appId
    readyUrl: '${appUrl}/readyz'
    actionGroupId: notify.outputs.id
    monthlyBudget: monthlyBudget
    budgetStart: budgetStart
  }
}
