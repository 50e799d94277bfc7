# What people have changed, for administrators. { $day } is written as in 2026-11-22.

administrators-only-title = This page is for administrators
administrators-only-sentence = You are signed in, but not as an administrator. Ask your administrator for that role, then sign in again.

audit-name = Audit
audit-title = What people changed on { $day }
audit-day = Day (UTC)
audit-days = Days
audit-day-before = The day before: { $day }
audit-day-after = The day after: { $day }
audit-who = Who
audit-what = What
audit-about = About
audit-request = request { $id }
# After the name of whoever did it.
audit-did-add = added an entry to the list { $list }
audit-did-change = changed an entry of the list { $list }
audit-did-remove = removed an entry from the list { $list }
audit-many = { $count } entries of lists
audit-nothing = Nobody changed anything.
audit-nothing-yet = Nothing so far. There is more of this day.
audit-no-day = “{ $found }” is not a day. A day is written like 2026-11-22.
audit-export = Download these changes as CSV
