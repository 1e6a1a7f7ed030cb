// To try things: no replica while nobody asks, open to all unless there is a key, copies in one building, and telemetry taken from
// laptops as well. `azd` takes this file (azure.yaml).
using 'main.bicep'

var key = readEnvironmentVariable('SENTIMENT_API_KEY', '')
var mails = readEnvironmentVariable('SENTIMENT_ALERT_MAIL_TO', '')
var phones = readEnvironmentVariable('AZURE_ALERT_SMS_TO', '')

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'dev')
param image = readEnvironmentVariable('SENTIMENT_IMAGE', '')
param liveRevision = readEnvironmentVariable('SENTIMENT_LIVE_REVISION', '')
param signingKey = readEnvironmentVariable('SENTIMENT_SIGNING_KEY')
param apiKey = key
param isOpen = empty(key)
param registryUsername = readEnvironmentVariable('REGISTRY_PULL_USERNAME', '')
param registryPassword = readEnvironmentVariable('REGISTRY_PULL_PASSWORD', '')
param subjectPrefix = readEnvironmentVariable('OIDC_SUBJECT_PREFIX')
param releaseEnvironment = 'development'
param learningEnvironment = 'development-learning'
param upkeepEnvironment = 'development-upkeep'
param ownRoles = bool(readEnvironmentVariable('AZURE_OWN_ROLES', 'false'))
param readerId = readEnvironmentVariable('AZURE_READER_ID')
param readerType = readEnvironmentVariable('AZURE_READER_TYPE', 'User')
param alertMails = empty(mails) ? [] : map(split(mails, ','), mail => trim(mail))
param alertPhones = empty(phones) ? [] : map(split(phones, ','), phone => trim(phone))
param size = 'medium'
param minReplicas = 0
param maxReplicas = 1
param dailyQuotaGb = 1
param watchesService = false // a test from outside would keep a replica awake
param entraOnlyTelemetry = false
param redundancy = 'local'
param softDeleteDays = 7
