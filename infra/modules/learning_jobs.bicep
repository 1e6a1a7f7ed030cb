// The learning jobs, as ../learning_jobs.json lists them: each a flow that starts on its schedule with an empty disk, fetches what it
// needs from Blob storage, and hands on what it changed (../learning_job.py).

@description('Name of this installation, the last part of the names.')
@minLength(2)
@maxLength(12)
param environmentName string

@description('Azure region.')
param location string

@description('Tags of the jobs.')
param tags object

@description('Resource id of the Container Apps environment.')
param environmentId string

@description('The learning image with its tag.')
param image string

@description('The registry that holds it, as Container Apps takes it.')
param registries array

@description('Resource id of the identity of learning jobs.')
param identityId string

@description('Object id of that identity, which GitHub\'s retrain.yml starts the retraining as.')
param learningPrincipalId string

@description('Environment variables.')
param variables array

@description('Secrets by their addresses in Key Vault, as Container Apps takes them.')
param secrets array

@description('Whether the jobs run on their schedules; if not, they wait for `az containerapp job start`.')
param isScheduled bool

var roles = loadJsonContent('../roles.json')
var jobs = loadJsonContent('../learning_jobs.json')
var once = {
  parallelism: 1
  replicaCompletionCount: 1
}
var sizes = {
  small: {
    cpu: 1
    memory: '2Gi'
  }
  large: {
    cpu: 4
    memory: '8Gi'
  }
}

resource job 'Microsoft.App/jobs@2025-01-01' = [
  for each in items(jobs): {
    name: 'caj-${each.key}-${environmentName}'
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
        triggerType: isScheduled ? 'Schedule' : 'Manual'
        replicaTimeout: each.value.minutes * 60
        replicaRetryLimit: 0 // a flow repeats by itself what is worth repeating; its next turn goes on where this one ended
        scheduleTriggerConfig: isScheduled ? union(once, { cronExpression: each.value.cron }) : null
        manualTriggerConfig: isScheduled ? null : once
        registries: registries
        secrets: secrets
      }
      template: {
        containers: [
          {
            name: 'job'
            image: image
            args: [
              'infra.learning_job'
              each.key
            ]
            resources: sizes[each.value.size]
            env: variables
            volumeMounts: [
              {
                volumeName: 'home'
                mountPath: '/home/sentiloop/home'
              }
            ]
          }
        ]
        volumes: [
          {
            name: 'home'
            storageType: 'EmptyDir'
          }
        ]
      }
    }
  }
]

resource retraining 'Microsoft.App/jobs@2025-01-01' existing = {
  name: 'caj-retrain-${environmentName}'
}

resource learningStartsRetraining 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: retraining
  name: guid(retraining.id, learningPrincipalId, roles.containerAppsJobsOperator)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.containerAppsJobsOperator)
    principalId: learningPrincipalId
    principalType: 'ServicePrincipal'
  }
  dependsOn: [
    job
  ]
}
