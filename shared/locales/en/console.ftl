# The approval console. Each text stands for itself; what is in { } comes from a request.

console-name = Approvals
skip = Skip to the content
sign-out = Sign out
go-on = Go to the requests
languages = Languages

# Instead of a page: a title and a sentence.
session-over-title = You are no longer signed in
session-over-sentence = Nothing was changed. Sign in, open the request and decide again.
no-role-title = You cannot use this console
no-role-sentence = You are signed in, but have no role here. Ask your administrator for the role of an approver, then sign in again.
sign-in-failed-title = The sign-in was not finished
sign-in-failed-sentence = It may have taken too long, or was begun in another window. Try once more.
forged-title = This form was not sent from this console
forged-sentence = Nothing was changed. Open the request and decide again.
bad-form-title = This form cannot be read
bad-form-sentence = Nothing was changed. Open the request and decide again; a reason has at most 1,000 characters.
missing-title = There is nothing here
missing-sentence = The request never was, the time for which it is kept is over, or it is not one of yours.
unavailable-title = This does not work at the moment
unavailable-sentence = Try again in a few minutes.
signed-out-title = You are signed out
signed-out-sentence = You are signed out of this console. At Microsoft you may still be signed in.

# The queue.
queue-title = Requests
states = States
state-pending = Waiting
state-approved = Approved
state-provisioning = Being created
state-provisioned = Created
state-provisioning-failed = Not created
state-denied = Denied
state-expired = Expired
state-withdrawn = Withdrawn
# More requests than are counted.
count-or-more = { $count } or more
filter = Filter
filter-flow = User flow
filter-domain = Domain
order = Order
oldest-first = Oldest first
newest-first = Newest first
nothing = There are no such requests.
nothing-yet = None of the requests so far is such a one. There are more.
more = More
unnamed = Without a name
erased = Erased: nobody can read any more who applied.
unreadable = Cannot be read at the moment
fact-state = State
# For screen readers, at the box that selects a request.
choose = Select { $who }
choose-approve = Approve selected…
choose-deny = Deny selected…
export = Download these requests as CSV, without names
# The letters are keys, and stay as they are.
keys = Keys: j and k move, x selects, Enter opens, ? leads here.

# Looking for requests.
search = Search
search-title = Search
search-label = Id, e-mail address or domain
search-nothing = There are no such requests among yours.
search-not-understood = This is not an id, a whole e-mail address or a domain.

# A request.
request-title = Request
applicant-title = Who applies
facts-title = The request
history-title = What happened
evidence-title = Verifications
of-person-title = Other requests of the person
of-domain-title = Other requests of the domain
fact-address = E-mail address
fact-identity = Signs in with
fact-id = Id
fact-asked-by = Asked for by
fact-flow = User flow
fact-domain = Domain
fact-provider = Identity provider
fact-made = Made
fact-changed = Changed
fact-decide-by = To be decided by
fact-approvals = Approvals
fact-policy = Policy
fact-failure = Why there is no account
fact-account = Account
approvals = { $count } of { $needed }
hints-title = Look twice
hint-confusable = The domain looks the same as { $known }, and is another one.
hint-other-ending = The domain is { $known } with another ending.
hint-typo = The domain is a letter or two away from { $known }.
hint-embedded = The domain has { $known } in it, and is another one.
hint-mixed-name = The name mixes letters of several scripts, so that some may not be what they look like.
hint-mixed-address = The address mixes letters of several scripts, so that some may not be what they look like.
hint-lure-in-name = The name holds an address or a link.
hint-others = Other requests of the same address that are open: { $count }.

# History: who did what. The applicant and the program have no names.
the-applicant = The applicant
the-program = The program
history-entry = { $at }: { $who } { $did }
history-entry-because = { $at }: { $who } { $did }: { $reason }
history-message = To the applicant: { $message }
did-open = made it
did-correct = applied with other data
did-endorse = approved it, and another person must
did-approve = approved it
did-deny = denied it
did-withdraw = withdrew it
did-expire = closed it, for nobody decided in time
did-reopen = opened it again
did-provision = began to create the account
did-finish = created the account
did-fail = could not create the account
did-retry = wanted the account to be tried again

# Deciding.
decide-title = Decide
reason = Reason
reason-required = A denial needs one.
reason-help = It stays in the history. Write nothing about the person.
action-approve = Approve
action-deny = Deny
action-reopen = Open again
action-retry = Try the account again
# { $action } is one of did-…
done = You { $action }.
changed-meanwhile = Somebody was faster, so your decision was not made. See what happened, then decide again:
same-person = You have approved this request already. Another person must, too.
reason-missing = A denial needs a reason.
not-possible = This is not possible with the request as it is now.
stays-closed = It cannot be opened again: the person has made another request, or the time for which it is kept is over.
ready-reason = Ready-made reason
no-ready-reason = None
message = Message to the applicant (optional)
message-help = The applicant is told it with the decision. It stays in the history as well.

# Deciding about several.
bulk-approve-title = Approve several requests
bulk-deny-title = Deny several requests
bulk-possible = These will be changed
bulk-impossible = These will not be changed
bulk-nothing = Nothing of what you selected can be changed.
bulk-endorsed = { $count } of { $needed } approvals, another person must approve, too
bulk-changed-meanwhile = Somebody has changed it since you looked. Look at it again.
bulk-approve-button = Approve { $count }
bulk-deny-button = Deny { $count }
bulk-cancel = Change nothing
bulk-decided-title = What became of the requests
bulk-done = Changed
bulk-not-done = Not changed

# Led here by the link of a mail.
changed-since-mail = This request has changed since the mail was written. You see it as it is now. What happened since:
link-not-good = The link in the mail is for another request, or its time is over. You see the request as it is now.

# After the hint that a domain looks like another one: where that one is known from.
known-by-policy = { $known } is a domain of the policy.
known-by-list = A list lets { $known } in.
known-by-approval = Somebody of { $known } was approved before.
