# The lists of the console. Each text stands for itself; what is in { } comes from an entry.

# For screen readers, at the links in the head of each page.
areas = Parts of the console
lists-title = Lists

# Looking for entries. A matcher says whom an entry is about; the examples stay as they are.
look-up-title = Look up entries
look-up-label = Matcher to look up
look-up = Look up
matcher = Matcher
matcher-help = john@example.com, example.com, *.example.com, provider:facebook.com or identity:facebook.com#0123456789

# Kinds of matchers.
matcher-address = E-mail address
matcher-domain = Domain
matcher-suffix = Domains below
matcher-provider = Identity provider
matcher-identity = Identity

# What an entry does to a sign-up.
effect = Effect
any-effect = Every effect
choose-effect = Choose…
effect-allow = Allow
effect-review = Review
effect-deny = Deny

# Entries.
no-entries = There are no such entries.
no-entries-yet = None of the entries so far is such a one. There are more.
entry-kind = Kind
entry-list = List
entry-owner = Owner
entry-end = Counts until
entry-without-end = Without an end
entry-expired = { $at } (has expired)
expire-entry = Expire now…
remove-entry = Remove…

# An entry that somebody types.
add-title = Add or change an entry
add-help = An entry with the same matcher in the same list is replaced. You become the owner. You see what would change before it does.
list-help = Letters, digits, hyphens, underscores and dots; “default” if you leave it empty.
entry-reason-help = For your colleagues. Write nothing about the person.
entry-expires = Expires (optional)
entry-expires-help = The entry counts to the end of this day in UTC.
preview-entry = See what would change

# What is wrong with it.
fault-matcher = The matcher is not understood.
fault-list = The name of a list has at most 64 letters, digits, hyphens, underscores and dots.
fault-effect = Choose an effect.
fault-reason = A reason has at most 500 characters.
fault-expires = The date is not understood.

# Before and after it is confirmed.
entry-preview-title = What would change
would-add = This entry would be added
would-change = This entry would be changed
would-remove = This entry would be removed
was-like-that = The entry is like that already. Nothing changes.
was-not-there = There is no such entry. Nothing changes.
confirm-entry = Confirm
entry-overtaken = Somebody has changed this entry since you looked, so nothing was changed. See what would change now, then confirm again.
back-to-lists = Back to the lists
entry-changed-title = The entry
was-added = Added
was-changed = Changed
was-removed = Removed

# The requests that an entry is about.
matched-title = Matching requests that wait
matched-help = Nothing is decided about them by the entry. Decide about each, or about several at once.
matched-none = None of the requests that were looked at matches.
matched-part = There may be others: not all requests that wait were looked at or are shown.
