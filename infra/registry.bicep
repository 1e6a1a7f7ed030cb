// A registry of one's own for images, made by an Owner of the resource group before the rest: docs/azure-platform.md. It needs no
// password: apps pull and releases push by their identities, which main.bicep lets in.
targetScope = 'resourceGroup'

@description('Name of this installation, such as dev or prod.')
@minLength(2)
@maxLength(12)
param environmentName string

@description('Azure region.')
param location string = resourceGroup().location

@description('Basic: 10 GB. Standard: 100 GB. Premium: also zones and private addresses.')
@allowed([
  'Basic'
  'Standard'
  'Premium'
])
param sku string = 'Basic'

var chosen = {
  name: sku
}

resource images 'Microsoft.ContainerRegistry/registries@2025-04-01' = {
  name: 'crsentiloop${uniqueString(resourceGroup().id, environmentName)}'
  location: location
  sku: chosen
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: false
    publicNetworkAccess: 'Enabled'
    zoneRedundancy: sku == 'Premium' ? 'Enabled' : 'Disabled'
  }
}

@description('Name of the registry, for the parameter registryName of main.bicep.')
output AZURE_REGISTRY string = images.name

@description('Where images are pushed, for the GitHub variable of the same name.')
output REGISTRY_IMAGE string = '${images.properties.loginServer}/sentiloop'
