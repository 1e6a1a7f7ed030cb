// The service: one container of the image that the release built, on port 8000. Releases change its image and its traffic
// (docs/release.md); here is everything else. Several revisions can run at once, so that a new one is tried before it has traffic.

@description('Name of the app.')
@maxLength(32)
param name string

@description('Azure region.')
param location string

@description('Tags of the app.')
param tags object

@description('Resource id of the Container Apps environment.')
param environmentId string

@description('The image with its tag, such as docker.io/OWNER/sentiloop:COMMIT. Empty: a placeholder that answers, and waits for a release.')
param image string

@description('A private registry: server, username and password; in Azure, server and the resource id of an identity that may pull.')
@secure()
param registry object

@description('Revision that keeps all the traffic and the label of releases; empty, as at the first deployment: the latest one.')
param liveRevision string

@description('Resource id of the identity that is attached to the app.')
param identityId string

@description('Client id of the same identity.')
param clientId string

@description('Name of the storage account.')
param storageAccount string

@description('The feedback inbox, such as az://feedback/inbox.')
param feedbackUrl string

@description('Where telemetry goes.')
@secure()
param connectionString string

@description('Share of the requests that telemetry keeps, 0 to 1.')
param requestSampling string

@description('Vault that holds signing-key, api-key and, while a key is rotated, previous-signing-key; empty: the keys are given here.')
param keyVault string

@description('Signs prediction ids, in all replicas and revisions alike.')
@secure()
@minLength(16)
param signingKey string

@description('Another key whose prediction ids are accepted while a key is rotated.')
@secure()
param previousSigningKey string

@description('Whether there is such a key.')
param isRotating bool

@description('Whether anybody may call the service, without a key.')
param isOpen bool

@description('What callers must send as X-API-Key, unless isOpen.')
@secure()
@minLength(16)
param apiKey string

@description('Processor and memory of a replica: small has 0.5 and 1 GiB, medium 1 and 2 GiB, large 2 and 4 GiB.')
@allowed([
  'small'
  'medium'
  'large'
])
param size string

@description('Replicas that always run; 0: none while nobody asks, and the first caller waits for a start.')
@minValue(0)
param minReplicas int

@description('Replicas at the most.')
@minValue(1)
param maxReplicas int

@description('Requests at once, per replica, from which another one is started.')
@minValue(1)
param concurrentRequests int

@description('Object id of the identity of release jobs.')
param releasePrincipalId string

@description('Object id of the identity of upkeep jobs.')
param upkeepPrincipalId string

@description('Whether the roles of own_roles.json are given, which bootstrap.bicep makes; else Azure\'s nearest built-in ones.')
param ownRoles bool

var roles = loadJsonContent('../roles.json')
var releaser = ownRoles ? guid(resourceGroup().id, 'sentiloop', 'releaser') : roles.containerAppsContributor
var retirer = ownRoles ? guid(resourceGroup().id, 'sentiloop', 'retirer') : roles.containerAppsContributor
var placeholder = 'mcr.microsoft.com/azurelinux/base/python:3.12'
var isPlaceholder = empty(image) || image == placeholder
var probes = loadJsonContent('../probes.json') // startup and liveness ask whether it lives, readiness whether it answers right
var port = 8000
var home = '/home/bentoml/sentiloop'
var hasPassword = !empty(registry.username)
var hasRegistry = hasPassword || !empty(registry.identity)
var vaultUrl = 'https://${keyVault}${environment().suffixes.keyvaultDns}/secrets'
var inVault = !empty(keyVault)
var sizes = {
  small: { cpu: json('0.5'), memory: '1Gi' }
  medium: { cpu: 1, memory: '2Gi' }
  large: { cpu: 2, memory: '4Gi' }
}
var latest = { latestRevision: true, weight: 100 }
var live = {
  revisionName: liveRevision
  weight: 100
  label: 'stable' // where releases go back to (docs/release.md)
}
var registryByPassword = {
  server: registry.server
  username: registry.username
  passwordSecretRef: 'registry-password'
}
var registryByIdentity = {
  server: registry.server
  identity: registry.identity
}
var registrySecret = { name: 'registry-password', value: registry.password }
var connectionSecret = { name: 'connection-string', value: connectionString }
var signingSecret = { name: 'signing-key', value: signingKey }
var previousSecret = { name: 'previous-signing-key', value: previousSigningKey }
var apiKeySecret = { name: 'api-key', value: apiKey }
var given = concat([signingSecret], isRotating ? [previousSecret] : [], isOpen ? [] : [apiKeySecret])
var referred = map(concat(['signing-key'], isRotating ? ['previous-signing-key'] : [], isOpen ? [] : ['api-key']), key => {
  name: key
  keyVaultUrl: '${vaultUrl}/${key}'
  identity: identityId
})
var apiKeySetting = { name: 'SENTIMENT_API_KEY', secretRef: 'api-key' }
var previousSetting = { name: 'SENTIMENT_PREVIOUS_SIGNING_KEY', secretRef: 'previous-signing-key' }
var settings = [
  { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', secretRef: 'connection-string' }
  { name: 'AZURE_CLIENT_ID', value: clientId }
  { name: 'AZURE_STORAGE_ACCOUNT', value: storageAccount }
  { name: 'SENTIMENT_FEEDBACK_URL', value: feedbackUrl }
  { name: 'SENTIMENT_HOME', value: home }
  { name: 'SENTIMENT_HOST', value: '0.0.0.0' }
  { name: 'SENTIMENT_PORT_SERVICE', value: string(port) }
  { name: 'SENTIMENT_REQUEST_SAMPLING', value: requestSampling }
  { name: 'SENTIMENT_SIGNING_KEY', secretRef: 'signing-key' }
  { name: 'SENTIMENT_TRUSTED_PROXIES', value: '1' }
]

resource app 'Microsoft.App/containerApps@2025-01-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'sentiment' })
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
      activeRevisionsMode: 'Multiple'
      maxInactiveRevisions: 10
      ingress: {
        external: true
        targetPort: port
        transport: 'http'
        allowInsecure: false
        traffic: [
          empty(liveRevision) ? latest : live
        ]
      }
      registries: hasRegistry ? [hasPassword ? registryByPassword : registryByIdentity] : []
      secrets: concat([connectionSecret], inVault ? referred : given, hasPassword ? [registrySecret] : [])
    }
    template: {
      terminationGracePeriodSeconds: 60 // a request may take 30 seconds, and sending or spooling what is left of telemetry 10
      containers: [
        {
          name: 'sentiment'
          image: isPlaceholder ? placeholder : image
          command: isPlaceholder ? ['python3', '-c', loadTextContent('../placeholder.py')] : null
          resources: sizes[size]
          env: concat(settings, isOpen ? [] : [apiKeySetting], isRotating ? [previousSetting] : [])
          probes: probes
          volumeMounts: [
            {
              volumeName: 'home'
              mountPath: home
            }
          ]
        }
      ]
      scale: {
        minReplicas: minReplicas
        maxReplicas: maxReplicas
        rules: [
          {
            name: 'concurrent-requests'
            http: {
              metadata: {
                concurrentRequests: string(concurrentRequests)
              }
            }
          }
        ]
      }
      volumes: [
        {
          name: 'home' // the spool of telemetry: outlives a restart of the container, not its replica; feedback is durable in the inbox
          storageType: 'EmptyDir'
        }
      ]
    }
  }
}

resource releaseDeploys 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: app
  name: guid(app.id, releasePrincipalId, releaser)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', releaser)
    principalId: releasePrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Ends the revision before the stable one some hours after a release (docs/release.md).
resource upkeepEndsRevisions 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: app
  name: guid(app.id, upkeepPrincipalId, retirer)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', retirer)
    principalId: upkeepPrincipalId
    principalType: 'ServicePrincipal'
  }
}

@description('Name of the app.')
output name string = app.name

@description('Resource id of the app.')
output id string = app.id

@description('Address of the app.')
output url string = 'https://${app.properties.configuration.ingress.fqdn}'
