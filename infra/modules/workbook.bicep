// The dashboard in the portal, from ../workbook.json, which `python -m infra.workbook` writes from the panels and the queries.

@description('Name that the portal shows.')
param displayName string

@description('Azure region.')
param location string

@description('Tags of the workbook.')
param tags object

@description('Resource id of the workspace that the workbook asks.')
param workspaceId string

@description('Who may open it: id, an object id, and type, User, Group or ServicePrincipal.')
param reader object

var roles = loadJsonContent('../roles.json')

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(workspaceId, 'sentiloop-workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: displayName
    category: 'workbook'
    version: 'Notebook/1.0'
    sourceId: workspaceId
    serializedData: loadTextContent('../workbook.json')
  }
}

resource peopleOpen 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: workbook
  name: guid(workbook.id, reader.id, roles.workbookReader)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.workbookReader)
    principalId: reader.id
    principalType: reader.type
  }
}

@description('Resource id of the workbook.')
output id string = workbook.id
