# The applicant's page. $made is when the request was made, $until by when somebody has to decide, $decided when somebody did.

application-title = Your application for an account
application-pending = You asked for an account on { $made }. Your application is being looked at, and you will have an answer by { $until }. You need not do anything.
application-approved = Good news: your application of { $made } was approved on { $decided }. Your account is being created, which takes a few minutes as a rule.
application-provisioning = Good news: your application of { $made } was approved on { $decided }. Your account is being created, which takes a few minutes as a rule.
application-provisioned = Good news: your application of { $made } was approved on { $decided }. Your account is ready, and you can sign in.
application-provisioning-failed = Your application of { $made } was approved on { $decided }. Creating your account takes longer than it should; somebody is looking into it. You need not do anything.
application-denied = Thank you for your application of { $made }. It was looked at with care, and on { $decided } it was decided that an account cannot be given.
application-expired = We are sorry: nobody was able to decide about your application of { $made } by { $until }. You are welcome to ask again.
application-withdrawn = You withdrew your application of { $made } on { $decided }. You are welcome to ask again.

# Before the words of whoever denied it.
application-message = The organisation writes to you:
application-again = You may ask again from { $from }.

# Withdrawing. The first one is a link, a title and a button.
application-withdraw = Withdraw the application
application-withdraw-sentence = Nobody decides about your application any more, and no account is created. You may ask again at any time.
application-decided = Your application could not be withdrawn, for it was decided about in the meantime. You see how it stands now.

# Being erased. The first one is a link, a title and a button.
application-erase = Erase my data
application-erase-sentence = Everything that you told us for this application is erased for good, and nobody can read it any more. That there was an application stays, without your name. An application that is not decided yet is withdrawn. An account that was created stays. This link leads nowhere afterwards.
application-erase-later = Your data are needed until your account is created. You can have them erased on this page as soon as it is, or when the application is closed.
application-erased-title = Your data are erased
application-erased-sentence = Nobody can read any more what you told us for this application. You can close this page.

application-back = Back, and change nothing

# Instead of the page: a title and a sentence.
application-missing-title = This link leads nowhere
application-missing-sentence = It may be incomplete, its time may be over, or there is nothing left to show. Please open the latest mail that you have, or ask the organisation.
application-forged-title = Nothing was changed
application-forged-sentence = This was not sent from this page. Please open the link in the mail again.
application-unavailable-title = This does not work at the moment
application-unavailable-sentence = Please try again in a few minutes.
