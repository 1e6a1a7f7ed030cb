// A server that learning needs, MLflow's or Prefect's: one replica of the learning image, with a login of its own. From outside the
// Container Apps environment only the addresses that are named reach it; without any, nobody.

@description('Name of the app.')
@maxLength(32)
param name string

@description('Azure region.')
param location string

@description('Tags of the app.')
param tags object

@description('Resource id of the Container Apps environment.')
param environmentId string

@description('The learning image with its tag.')
param image string

@description('The registry that holds it, as Container Apps takes it.')
param registries array

@description('Resource id of the identity of learning jobs.')
param identityId string

@description('The module that `python -m` runs, with its arguments.')
param arguments array

@description('Environment variables.')
param variables array

@description('Secrets by their addresses in Key Vault, as Container Apps takes them.')
param secrets array

@description('Port that it listens on.')
param port int

@description('Path that answers 200 without a login.')
param healthPath string

@description('Addresses from which people may reach it, in CIDR notation, such as 203.0.113.7/32.')
param addresses array

resource app 'Microsoft.App/containerApps@2025-01-01' = {
  name: name
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    environmentId: environmentId
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      ingress: {
        external: !empty(addresses)
        targetPort: port
        transport: 'http'
        allowInsecure: false
        ipSecurityRestrictions: [
          for (address, number) in addresses: {
            name: 'people-${number}'
            ipAddressRange: address
            action: 'Allow'
          }
        ]
      }
      registries: registries
      secrets: secrets
    }
    template: {
      containers: [
        {
          name: 'server'
          image: image
          args: arguments
          resources: {
            cpu: 1
            memory: '2Gi'
          }
          env: variables
          probes: [
            {
              type: 'Startup' // the first start makes the tables
              httpGet: {
                path: healthPath
                port: port
              }
              periodSeconds: 30
              timeoutSeconds: 10
              failureThreshold: 10
            }
            {
              type: 'Liveness'
              httpGet: {
                path: healthPath
                port: port
              }
              periodSeconds: 30
              timeoutSeconds: 10
              failureThreshold: 4
            }
          ]
          volumeMounts: [
            {
              volumeName: 'home'
              mountPath: '/home/sentiloop/home'
            }
          ]
        }
      ]
      scale: {
        minReplicas: 1
        maxReplicas: 1
      }
      volumes: [
        {
          name: 'home' // nothing that must last: runs, users and artifacts are in PostgreSQL and on Blob
          storageType: 'EmptyDir'
        }
      ]
    }
  }
}

@description('Address of the app.')
output url string = 'https://${app.properties.configuration.ingress.fqdn}'
