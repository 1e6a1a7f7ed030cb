// Whom an alert reaches, and how: by mail and by SMS.

@description('Name of the action group.')
param name string

@description('Tags of the action group.')
param tags object

@description('Mail addresses.')
param mails array

@description('Phone numbers for SMS, each as COUNTRY-NUMBER without other signs: 49-1701234567.')
param phones array

resource group 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'sentiloop'
    enabled: true
    emailReceivers: [
      for mail in mails: {
        name: mail
        emailAddress: mail
        useCommonAlertSchema: true
      }
    ]
    smsReceivers: [
      for phone in phones: {
        name: 'sms-${phone}'
        countryCode: split(phone, '-')[0]
        phoneNumber: split(phone, '-')[1]
      }
    ]
  }
}

@description('Resource id of the action group.')
output id string = group.id
