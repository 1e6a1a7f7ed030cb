// A network of one's own, decided before the first deployment: for the Container Apps environment (which cannot move into one later),
// for PostgreSQL, and with a private address for blobs, so that feedback and models do not travel over public addresses.

@description('Last part of the names.')
param suffix string

@description('Azure region.')
param location string

@description('Tags of everything.')
param tags object

@description('The network\'s first two numbers: 10.60 makes 10.60.0.0/16. Take what no network of yours has that it will be joined to.')
param prefix string

@description('Resource id of the storage account.')
param storageId string

var blobZone = 'privatelink.blob.${environment().suffixes.storage}'

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'vnet-${suffix}'
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        '${prefix}.0.0/16'
      ]
    }
    subnets: [
      {
        name: 'apps'
        properties: {
          addressPrefix: '${prefix}.0.0/23'
          delegations: [
            {
              name: 'apps'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'databases'
        properties: {
          addressPrefix: '${prefix}.2.0/28'
          delegations: [
            {
              name: 'databases'
              properties: {
                serviceName: 'Microsoft.DBforPostgreSQL/flexibleServers'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '${prefix}.3.0/27'
        }
      }
    ]
  }
}

resource databaseNames 'Microsoft.Network/privateDnsZones@2020-06-01' = {
  name: '${suffix}.private.postgres.database.azure.com'
  location: 'global'
  tags: tags
}

resource databaseNamesHere 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2020-06-01' = {
  parent: databaseNames
  name: 'here'
  location: 'global'
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: network.id
    }
  }
}

resource blobNames 'Microsoft.Network/privateDnsZones@2020-06-01' = {
  name: blobZone
  location: 'global'
  tags: tags
}

resource blobNamesHere 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2020-06-01' = {
  parent: blobNames
  name: 'here'
  location: 'global'
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: network.id
    }
  }
}

resource blobEndpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = {
  name: 'pe-blob-${suffix}'
  location: location
  tags: tags
  properties: {
    subnet: {
      id: '${network.id}/subnets/endpoints'
    }
    privateLinkServiceConnections: [
      {
        name: 'blob'
        properties: {
          privateLinkServiceId: storageId
          groupIds: [
            'blob'
          ]
        }
      }
    ]
  }
}

resource blobEndpointName 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = {
  parent: blobEndpoint
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: 'blob'
        properties: {
          privateDnsZoneId: blobNames.id
        }
      }
    ]
  }
}

@description('Resource id of the subnet of the Container Apps environment.')
output appsSubnetId string = '${network.id}/subnets/apps'

@description('The subnet of PostgreSQL, and the zone of its names.')
output databases object = {
  subnetId: '${network.id}/subnets/databases'
  dnsZoneId: databaseNames.id
}
