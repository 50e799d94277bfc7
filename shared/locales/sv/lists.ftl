areas = Konsolens delar
lists-title = Listor

look-up-title = Slå upp poster
look-up-label = Mönster att slå upp
look-up = Slå upp
matcher = Mönster
matcher-help = john@example.com, example.com, *.example.com, provider:facebook.com eller identity:facebook.com#0123456789

matcher-address = E-postadress
matcher-domain = Domän
matcher-suffix = Domäner under
matcher-provider = Identitetsleverantör
matcher-identity = Identitet

effect = Verkan
any-effect = Alla verkningar
choose-effect = Välj …
effect-allow = Tillåt
effect-review = Granska
effect-deny = Neka

no-entries = Det finns inga sådana poster.
no-entries-yet = Ingen av posterna hittills är en sådan. Det finns fler.
entry-kind = Typ
entry-list = Lista
entry-owner = Ägare
entry-end = Gäller till
entry-without-end = Utan slut
entry-expired = { $at } (har gått ut)
expire-entry = Låt gå ut nu …
remove-entry = Ta bort …

add-title = Lägg till eller ändra en post
add-help = En post med samma mönster i samma lista ersätts. Du blir ägare. Du ser vad som skulle ändras innan det sker.
list-help = Bokstäver, siffror, bindestreck, understreck och punkter; ”default” om du lämnar det tomt.
entry-reason-help = För dina kollegor. Skriv inget om personen.
entry-expires = Går ut (valfritt)
entry-expires-help = Posten gäller till slutet av den här dagen i UTC.
preview-entry = Se vad som skulle ändras

fault-matcher = Mönstret går inte att förstå.
fault-list = En listas namn har högst 64 bokstäver, siffror, bindestreck, understreck och punkter.
fault-effect = Välj en verkan.
fault-reason = En motivering har högst 500 tecken.
fault-expires = Datumet går inte att förstå.

entry-preview-title = Vad som skulle ändras
would-add = Den här posten skulle läggas till
would-change = Den här posten skulle ändras
would-remove = Den här posten skulle tas bort
was-like-that = Posten är redan sådan. Inget ändras.
was-not-there = Det finns ingen sådan post. Inget ändras.
confirm-entry = Bekräfta
entry-overtaken = Någon har ändrat posten sedan du såg den, så inget har ändrats. Se vad som skulle ändras nu och bekräfta sedan igen.
back-to-lists = Tillbaka till listorna
entry-changed-title = Posten
was-added = Tillagd
was-changed = Ändrad
was-removed = Borttagen

matched-title = Väntande ansökningar som stämmer
matched-help = Posten beslutar inget om dem. Besluta om var och en, eller om flera på en gång.
matched-none = Ingen av de granskade ansökningarna stämmer.
matched-part = Det kan finnas fler: alla väntande ansökningar har inte granskats eller visas inte.
