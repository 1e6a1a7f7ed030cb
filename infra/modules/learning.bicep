// Learning at home in Azure: PostgreSQL, MLflow, Prefect if wanted, and the jobs. All of them act as the identity of learning jobs and
// run one image (../learning.Dockerfile). docs/azure-learning.md says what each does and costs.

@description('Name of this installation.')
@minLength(2)
@maxLength(12)
param environmentName string

@description('Azure region.')
param location string

@description('Tags of everything.')
param tags object

@description('Resource id of the Container Apps environment.')
param environmentId string

@description('Last part of the names of its apps.')
param defaultDomain string

@description('What differs between installations: image, with its tag; addresses of people, one IPv4 address each; trackingUri, empty for an MLflow of our own; withPrefect; isScheduled; productionBound.')
param settings object

@description('Server of our registry; empty: the image is public.')
param registryServer string

@description('The identity of learning jobs: id, name, clientId, principalId.')
param identity object

@description('Name of the vault that holds signing-key, mlflow-password and, while a key is rotated, previous-signing-key.')
param keyVault string

@description('Whether feedback signed with previous-signing-key is still accepted.')
param isRotating bool

@description('Whether PostgreSQL has a second server in another zone.')
param zoneRedundant bool

@description('The subnet of PostgreSQL and its private DNS zone; empty: public.')
param databaseNetwork object

@description('Variables that say where models, feedback, logs and telemetry are, by their names.')
param places object

var image = settings.image
var addresses = settings.?addresses ?? []
var ranges = map(addresses, address => '${address}/32')
var trackingUri = settings.?trackingUri ?? ''
var withPrefect = settings.?withPrefect ?? false
var ourRegistry = {
  server: registryServer
  identity: identity.id
}
var registries = empty(registryServer) ? [] : [ourRegistry]
var placeSettings = map(items(places), place => {
  name: place.key
  value: place.value
})
var server = 'psql-sentiloop-${uniqueString(resourceGroup().id, environmentName)}'
var database = '${identity.name}@${postgres.outputs.host}:5432'
var visible = empty(addresses) ? '.internal' : ''
var mlflowName = 'ca-mlflow-${environmentName}'
var prefectName = 'ca-prefect-${environmentName}'
var mlflowHost = '${mlflowName}${visible}.${defaultDomain}'
var prefectUrl = 'https://${prefectName}${visible}.${defaultDomain}'
var vaultUrl = 'https://${keyVault}${environment().suffixes.keyvaultDns}/secrets'
var mlflowSecret = {
  name: 'mlflow-password'
  keyVaultUrl: '${vaultUrl}/mlflow-password'
  identity: identity.id
}
var signingSecret = {
  name: 'signing-key'
  keyVaultUrl: '${vaultUrl}/signing-key'
  identity: identity.id
}
var previousSecret = {
  name: 'previous-signing-key'
  keyVaultUrl: '${vaultUrl}/previous-signing-key'
  identity: identity.id
}
var prefectSecret = {
  name: 'prefect-login'
  keyVaultUrl: '${vaultUrl}/prefect-login'
  identity: identity.id
}
var identitySettings = [
  {
    name: 'AZURE_CLIENT_ID'
    value: identity.clientId
  }
]
var mlflowLogin = [
  {
    name: 'MLFLOW_TRACKING_USERNAME'
    value: 'sentiloop'
  }
  {
    name: 'MLFLOW_TRACKING_PASSWORD'
    secretRef: 'mlflow-password'
  }
]
var previousSetting = {
  name: 'SENTIMENT_PREVIOUS_SIGNING_KEY'
  secretRef: 'previous-signing-key'
}
var prefectSettings = [
  {
    name: 'PREFECT_API_URL'
    value: '${prefectUrl}/api'
  }
  {
    name: 'PREFECT_API_AUTH_STRING'
    secretRef: 'prefect-login'
  }
]
var jobSettings = [
  {
    name: 'MLFLOW_TRACKING_URI'
    value: empty(trackingUri) ? 'https://${mlflowHost}' : trackingUri
  }
  {
    name: 'SENTIMENT_REVIEW_URL'
    value: 'postgresql+psycopg://${database}/review?plugin=entra'
  }
  {
    name: 'SENTIMENT_PRODUCTION_BOUND'
    value: settings.?productionBound ?? '0'
  }
  {
    name: 'SENTIMENT_SIGNING_KEY'
    secretRef: 'signing-key'
  }
]

module postgres 'postgres.bicep' = {
  name: 'postgres'
  params: {
    name: server
    location: location
    tags: tags
    learningName: identity.name
    learningPrincipalId: identity.principalId
    subnetId: databaseNetwork.?subnetId ?? ''
    dnsZoneId: databaseNetwork.?dnsZoneId ?? ''
    addresses: addresses
    zoneRedundant: zoneRedundant
    backupDays: 14
  }
}

module mlflow 'learning_app.bicep' = if (empty(trackingUri)) {
  name: 'mlflow'
  params: {
    name: mlflowName
    location: location
    tags: tags
    environmentId: environmentId
    image: image
    registries: registries
    identityId: identity.id
    arguments: [
      'infra.mlflow_server'
    ]
    variables: concat(identitySettings, mlflowLogin, [
      {
        name: 'MLFLOW_ARTIFACTS_DESTINATION'
        value: 'wasbs://mlflow@${places.AZURE_STORAGE_ACCOUNT}.blob.${environment().suffixes.storage}/artifacts'
      }
      {
        name: 'MLFLOW_AUTH_DATABASE_URI'
        value: 'postgresql+psycopg://${database}/mlflow_users?plugin=entra'
      }
      {
        name: 'MLFLOW_BACKEND_STORE_URI'
        value: 'postgresql+psycopg://${database}/mlflow?plugin=entra'
      }
      {
        name: 'MLFLOW_SERVER_ALLOWED_HOSTS'
        value: mlflowHost
      }
    ])
    secrets: [
      mlflowSecret
    ]
    port: 5000
    healthPath: '/health'
    addresses: ranges
  }
}

module prefect 'learning_app.bicep' = if (withPrefect) {
  name: 'prefect'
  params: {
    name: prefectName
    location: location
    tags: tags
    environmentId: environmentId
    image: image
    registries: registries
    identityId: identity.id
    arguments: [
      'prefect'
      'server'
      'start'
      '--host'
      '0.0.0.0'
    ]
    variables: concat(identitySettings, [
      {
        name: 'PREFECT_SERVER_DATABASE_CONNECTION_URL'
        value: 'postgresql+asyncpg://${database}/prefect?plugin=entra'
      }
      {
        name: 'PREFECT_SERVER_API_AUTH_STRING'
        secretRef: 'prefect-login'
      }
      {
        name: 'PREFECT_SERVER_CORS_ALLOWED_ORIGINS'
        value: prefectUrl
      }
    ])
    secrets: [
      prefectSecret
    ]
    port: 4200
    healthPath: '/api/health'
    addresses: ranges
  }
}

module jobs 'learning_jobs.bicep' = {
  name: 'jobs'
  params: {
    environmentName: environmentName
    location: location
    tags: tags
    environmentId: environmentId
    image: image
    registries: registries
    identityId: identity.id
    learningPrincipalId: identity.principalId
    variables: concat(
      identitySettings,
      placeSettings,
      jobSettings,
      empty(trackingUri) ? mlflowLogin : [],
      isRotating ? [previousSetting] : [],
      withPrefect ? prefectSettings : []
    )
    secrets: concat(
      [signingSecret],
      empty(trackingUri) ? [mlflowSecret] : [],
      isRotating ? [previousSecret] : [],
      withPrefect ? [prefectSecret] : []
    )
    isScheduled: settings.?isScheduled ?? true
  }
}

@description('The review queue, for people whom the server knows: their own name goes in front of the @.')
output reviewUrl string = 'postgresql+psycopg://NAME@${postgres.outputs.host}:5432/review?plugin=entra'

@description('Address of MLflow.')
output trackingUri string = empty(trackingUri) ? 'https://${mlflowHost}' : trackingUri
