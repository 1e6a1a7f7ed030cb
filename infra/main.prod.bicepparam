// To rely on: two replicas at least, copies in three zones, a key for callers, telemetry from the app's identity alone.
using 'main.bicep'

var mails = readEnvironmentVariable('SENTIMENT_ALERT_MAIL_TO')
var phones = readEnvironmentVariable('AZURE_ALERT_SMS_TO', '')

param environmentName = 'prod'
param image = readEnvironmentVariable('SENTIMENT_IMAGE', '')
param liveRevision = readEnvironmentVariable('SENTIMENT_LIVE_REVISION', '')
param signingKey = readEnvironmentVariable('SENTIMENT_SIGNING_KEY')
param apiKey = readEnvironmentVariable('SENTIMENT_API_KEY')
param registryUsername = readEnvironmentVariable('REGISTRY_PULL_USERNAME')
param registryPassword = readEnvironmentVariable('REGISTRY_PULL_PASSWORD')
param subjectPrefix = readEnvironmentVariable('OIDC_SUBJECT_PREFIX')
param releaseEnvironment = 'production'
param learningEnvironment = 'learning'
param upkeepEnvironment = 'upkeep'
param ownRoles = bool(readEnvironmentVariable('AZURE_OWN_ROLES', 'true'))
param readerId = readEnvironmentVariable('AZURE_READER_ID')
param readerType = readEnvironmentVariable('AZURE_READER_TYPE', 'Group')
param alertMails = map(split(mails, ','), mail => trim(mail))
param alertPhones = empty(phones) ? [] : map(split(phones, ','), phone => trim(phone))
param size = 'medium'
param minReplicas = 2
param maxReplicas = 5
param dailyQuotaGb = 5
param retentionDays = 90
param entraOnlyTelemetry = true
param redundancy = 'zones'
param softDeleteDays = 30
