# Mails about approval requests. A subject and a label have no full stop.

# To applicants.
notice-received-subject = We have received your application
notice-received-text = You applied for an account. Somebody will look at your application, and you will get a mail when it is decided. There is nothing that you need to do.
notice-approved-subject = Your account is ready
notice-approved-text = Your application was approved, and your account has been created. You can sign in now.
notice-denied-subject = Your application was not approved
notice-denied-text = Your application for an account was not approved. If you think that this is a mistake, please contact the organisation.
notice-denied-message = What the organisation says:
notice-expired-subject = Your application has expired
notice-expired-text = Your application for an account was not decided in time. You can apply again.
notice-status = See how your application stands
notice-why = You get this mail because somebody applied for an account with your address. If it was not you, you can ignore it.

# To approvers.
notice-approvers-subject = Applications wait for your decision
notice-new = New applications
notice-reminder = Applications that are still waiting
notice-escalation = Applications that have waited too long
notice-flow = User flow
notice-domain = Domain
notice-provider = Identity provider
notice-asked-by = Asked for by
notice-since = Received
notice-open = Look at the application
notice-approvers-why = You get this mail because your address is named as that of an approver. Who applies is shown in the console alone.
