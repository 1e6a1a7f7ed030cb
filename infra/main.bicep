// Sentiloop on Azure, in one resource group: docs/deploy.md goes through it. What differs between installations is a parameter
// (main.dev.bicepparam, main.prod.bicepparam); what each part is, and who may do what with it, is in modules/.
targetScope = 'resourceGroup'

@description('Name of this installation, such as dev or prod: part of every name.')
@minLength(2)
@maxLength(12)
param environmentName string

@description('Azure region of everything.')
param location string = resourceGroup().location

@description('The image to run: docker.io/OWNER/sentiloop:COMMIT. When the app runs already: the one that it runs. Empty: a placeholder, until a release.')
param image string = ''

@description('Revision that keeps all the traffic when the app runs already. Empty, as at the first deployment: the latest one.')
param liveRevision string = ''

@description('Name of the vault that holds the keys (vault.bicep, docs/azure-keys.md). Empty: the keys are given here.')
param keyVault string = ''

@description('Signs prediction ids, at least 16 characters; without a vault.')
@secure()
param signingKey string = ''

@description('Another signing key whose ids are accepted while a key is rotated; without a vault.')
@secure()
param previousSigningKey string = ''

@description('Whether the vault holds previous-signing-key, because a key is being rotated.')
param isRotating bool = false

@description('What callers must send as X-API-Key, at least 16 characters, unless isOpen.')
@secure()
param apiKey string = ''

@description('Whether anybody on the internet may call the service, without a key.')
param isOpen bool = false

@description('Name of a registry in this resource group (registry.bicep), from which apps pull by identity. Empty: another one.')
param registryName string = ''

@description('Server of another private registry.')
param registryServer string = 'docker.io'

@description('User of a private registry. Empty: the image is public.')
param registryUsername string = ''

@description('Password or token of that user.')
@secure()
param registryPassword string = ''

@description('How the subjects of the GitHub repository\'s tokens begin, such as repo:OWNER@ID/REPOSITORY@ID; infra/subject.py asks GitHub.')
param subjectPrefix string

@description('The GitHub environment whose jobs may release.')
param releaseEnvironment string = 'production'

@description('The GitHub environment whose jobs may read feedback and publish models.')
param learningEnvironment string = 'learning'

@description('The GitHub environment whose jobs may end revisions without traffic.')
param upkeepEnvironment string = 'upkeep'

@description('Whether the roles of own_roles.json are given, which bootstrap.bicep makes; else Azure\'s nearest built-in ones, which can do more.')
param ownRoles bool = false

@description('Object id of the person or group that uses the page, the flows and the portal.')
param readerId string

@description('What readerId is.')
@allowed([
  'User'
  'Group'
  'ServicePrincipal'
])
param readerType string = 'User'

@description('Mail addresses that are told of alerts.')
param alertMails array = []

@description('Phone numbers that get an SMS on alerts, each as COUNTRY-NUMBER: 49-1701234567.')
param alertPhones array = []

@description('Whether alerts also watch the service and its telemetry.')
param watchesService bool = true

@description('Cost in a month of which people are told, in the currency of the subscription; 0: no budget.')
@minValue(0)
param monthlyBudget int = 0

@description('First day of the budget\'s first month.')
param budgetStart string = utcNow('yyyy-MM-01')

@description('Processor and memory of a replica: small has 0.5 and 1 GiB, medium 1 and 2 GiB, large 2 and 4 GiB.')
@allowed([
  'small'
  'medium'
  'large'
])
param size string = 'medium'

@description('Replicas that always run. 0: none while nobody asks, and the first caller waits for a start.')
@minValue(0)
param minReplicas int = 1

@description('Replicas at the most.')
@minValue(1)
param maxReplicas int = 3

@description('Requests at once, per replica, from which another one is started.')
@minValue(1)
param concurrentRequests int = 32

@description('Share of the requests that telemetry keeps, 0 to 1; feedback is always kept.')
param requestSampling string = '1'

@description('Days that the logs are kept.')
@minValue(30)
@maxValue(730)
param retentionDays int = 31

@description('Gigabytes of logs a day, after which the rest of the day is lost; -1: no limit.')
param dailyQuotaGb int = 1

@description('Whether telemetry is taken from Entra identities only, so that the connection string alone opens nothing.')
param entraOnlyTelemetry bool = true

@description('Where the three copies of models and feedback lie: local, in one building, or zones, in three of the region.')
@allowed([
  'local'
  'zones'
])
param redundancy string = 'zones'

@description('Days that a deleted blob or container can be brought back.')
@minValue(1)
@maxValue(365)
param softDeleteDays int = 30

@description('Days after which feedback is deleted; 0: never.')
@minValue(0)
param feedbackDays int = 0

@description('Days that earlier versions of blobs are kept; 0: for ever.')
@minValue(0)
param versionDays int = 0

@description('Whether the workspace records who reads and writes blobs.')
param auditsBlobs bool = false

@description('First two numbers of a network of one\'s own, such as 10.60. Empty: Azure\'s network. To be decided before the first deployment.')
param networkPrefix string = ''

@description('Whether replicas and databases are spread over zones; it takes a network. To be decided before the first deployment.')
param zoneRedundant bool = false

@description('Learning in Azure, off unless it has an image: image, addresses, trackingUri, withPrefect, isScheduled, productionBound.')
param learning object = {}

var hasNetwork = !empty(networkPrefix)
var needsNoKey = isOpen || !empty(keyVault)
var suffix = 'sentiloop-${environmentName}'
var tags = {
  project: 'sentiloop'
  'azd-env-name': environmentName
}
var reader = {
  id: readerId
  type: readerType
}

module identities 'modules/identities.bicep' = {
  name: 'identities'
  params: {
    suffix: suffix
    location: location
    tags: tags
    subjectPrefix: subjectPrefix
    releaseEnvironment: releaseEnvironment
    learningEnvironment: learningEnvironment
    upkeepEnvironment: upkeepEnvironment
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    suffix: suffix
    location: location
    tags: tags
    retentionDays: retentionDays
    dailyQuotaGb: dailyQuotaGb
    entraOnly: entraOnlyTelemetry
    senderPrincipalId: identities.outputs.appPrincipalId
    learningPrincipalId: identities.outputs.learningPrincipalId
    reader: reader
  }
}

module supervision 'modules/supervision.bicep' = {
  name: 'supervision'
  params: {
    environmentName: environmentName
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    componentId: monitoring.outputs.componentId
    appId: app.outputs.id
    appUrl: app.outputs.url
    reader: reader
    mails: alertMails
    phones: alertPhones
    watchesService: watchesService
    monthlyBudget: monthlyBudget
    budgetStart: budgetStart
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    name: 'stsentiloop${uniqueString(resourceGroup().id, environmentName)}'
    location: location
    tags: tags
    redundancy: redundancy
    softDeleteDays: softDeleteDays
    feedbackDays: feedbackDays
    versionDays: versionDays
    auditWorkspaceId: auditsBlobs ? monitoring.outputs.workspaceId : ''
    appPrincipalId: identities.outputs.appPrincipalId
    learningPrincipalId: identities.outputs.learningPrincipalId
    ownRoles: ownRoles
  }
}

module access 'modules/access.bicep' = {
  name: 'access'
  params: {
    keyVault: keyVault
    registry: registryName
    appPrincipalId: identities.outputs.appPrincipalId
    releasePrincipalId: identities.outputs.releasePrincipalId
    learningPrincipalId: identities.outputs.learningPrincipalId
  }
}

module network 'modules/network.bicep' = if (hasNetwork) {
  name: 'network'
  params: {
    suffix: suffix
    location: location
    tags: tags
    prefix: networkPrefix
    storageId: storage.outputs.id
  }
}

module environment 'modules/environment.bicep' = {
  name: 'environment'
  params: {
    name: 'cae-${suffix}'
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    customerId: monitoring.outputs.customerId
    releasePrincipalId: identities.outputs.releasePrincipalId
    ownRoles: ownRoles
    subnetId: hasNetwork ? network.outputs.appsSubnetId : ''
    zoneRedundant: zoneRedundant
  }
}

module app 'modules/app.bicep' = {
  name: 'app'
  params: {
    name: 'ca-${suffix}'
    location: location
    tags: tags
    environmentId: environment.outputs.id
    image: image
    registry: {
      server: empty(registryName) ? registryServer : access.outputs.registryServer
      username: registryUsername
      password: registryPassword
      identity: empty(registryName) ? '' : identities.outputs.appId
    }
    liveRevision: liveRevision
    identityId: identities.outputs.appId
    clientId: identities.outputs.appClientId
    storageAccount: storage.outputs.name
    feedbackUrl: storage.outputs.feedbackUrl
    connectionString: monitoring.outputs.connectionString
    requestSampling: requestSampling
    keyVault: keyVault
    signingKey: empty(keyVault) ? signingKey : 'the key is in a vault'
    previousSigningKey: previousSigningKey
    isRotating: empty(keyVault) ? !empty(previousSigningKey) : isRotating
    isOpen: isOpen
    apiKey: needsNoKey ? 'no key is given here' : apiKey // one that was forgotten is too short, and Azure refuses it
    size: size
    minReplicas: minReplicas
    maxReplicas: maxReplicas
    concurrentRequests: concurrentRequests
    releasePrincipalId: identities.outputs.releasePrincipalId
    upkeepPrincipalId: identities.outputs.upkeepPrincipalId
    ownRoles: ownRoles
  }
  dependsOn: [
    access
  ]
}

module learningHome 'modules/learning.bicep' = if (!empty(learning)) {
  name: 'learning'
  params: {
    environmentName: environmentName
    location: location
    tags: tags
    environmentId: environment.outputs.id
    defaultDomain: environment.outputs.defaultDomain
    settings: learning
    registryServer: access.outputs.registryServer
    identity: identities.outputs.learning
    keyVault: keyVault
    isRotating: isRotating
    zoneRedundant: zoneRedundant
    databaseNetwork: hasNetwork ? network.outputs.databases : {}
    places: {
      AZURE_STORAGE_ACCOUNT: storage.outputs.name
      APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
      SENTIMENT_FEEDBACK_URL: storage.outputs.feedbackUrl
      SENTIMENT_MODELS_URL: storage.outputs.modelsUrl
      SENTIMENT_STATE_URL: storage.outputs.stateUrl
      SENTIMENT_WORKSPACE_ID: monitoring.outputs.customerId
    }
  }
}

@description('The resource group, for the GitHub variable of the same name.')
output AZURE_RESOURCE_GROUP string = resourceGroup().name

@description('The app, for the GitHub variable of the same name.')
output AZURE_CONTAINER_APP string = app.outputs.name

@description('The storage account of models and feedback.')
output AZURE_STORAGE_ACCOUNT string = storage.outputs.name

@description('The variable AZURE_CLIENT_ID of the GitHub environment that releases.')
output AZURE_RELEASE_CLIENT_ID string = identities.outputs.releaseClientId

@description('The variable AZURE_CLIENT_ID of the GitHub environment that learns.')
output AZURE_LEARNING_CLIENT_ID string = identities.outputs.learningClientId

@description('The variable AZURE_CLIENT_ID of the GitHub environment that ends revisions without traffic.')
output AZURE_UPKEEP_CLIENT_ID string = identities.outputs.upkeepClientId

@description('Where telemetry goes: a place, no secret; entraOnlyTelemetry says whether it takes rows from everybody who knows it.')
output APPLICATIONINSIGHTS_CONNECTION_STRING string = monitoring.outputs.connectionString

@description('The workspace that the page, the flows and the reports ask.')
output SENTIMENT_WORKSPACE_ID string = monitoring.outputs.customerId

@description('Address of the service.')
output SENTIMENT_SERVICE_URL string = app.outputs.url

@description('The feedback inbox.')
output SENTIMENT_FEEDBACK_URL string = storage.outputs.feedbackUrl

@description('The place of the models.')
output SENTIMENT_MODELS_URL string = storage.outputs.modelsUrl
