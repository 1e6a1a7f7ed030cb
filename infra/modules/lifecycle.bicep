// What ends on Blob storage, and who is written down: feedback is personal data and may have an end date, earlier versions of blobs
// grow for ever otherwise. Models and what learning hands on have none: they are what a restore takes.

@description('Name of the storage account.')
param account string

@description('Days after which feedback, which is personal data, is deleted; 0: never.')
@minValue(0)
param feedbackDays int

@description('Days that earlier versions of blobs are kept; 0: for ever.')
@minValue(0)
param versionDays int

@description('Resource id of the workspace that records who reads and writes blobs; empty: nothing is recorded.')
param auditWorkspaceId string

var feedbackRule = {
  name: 'feedback-ends'
  type: 'Lifecycle'
  definition: {
    filters: {
      blobTypes: [
        'blockBlob'
      ]
      prefixMatch: [
        'feedback/'
      ]
    }
    actions: {
      baseBlob: {
        delete: {
          daysAfterCreationGreaterThan: feedbackDays
        }
      }
      version: {
        delete: {
          daysAfterCreationGreaterThan: feedbackDays
        }
      }
    }
  }
}
var versionsRule = {
  name: 'versions-end'
  type: 'Lifecycle'
  definition: {
    filters: {
      blobTypes: [
        'blockBlob'
      ]
    }
    actions: {
      version: {
        delete: {
          daysAfterCreationGreaterThan: versionDays
        }
      }
    }
  }
}
var rules = concat(feedbackDays > 0 ? [feedbackRule] : [], versionDays > 0 ? [versionsRule] : [])

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: account
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' existing = {
  parent: storage
  name: 'default'
}

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2024-01-01' = if (!empty(rules)) {
  parent: storage
  name: 'default'
  properties: {
    policy: {
      rules: rules
    }
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(auditWorkspaceId)) {
  scope: blobs
  name: 'who-read-and-wrote'
  properties: {
    workspaceId: auditWorkspaceId
    logs: [
      {
        categoryGroup: 'audit'
        enabled: true
      }
    ]
  }
}
