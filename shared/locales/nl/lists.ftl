areas = Delen van de console
lists-title = Lijsten

look-up-title = Vermeldingen opzoeken
look-up-label = Op te zoeken patroon
look-up = Opzoeken
matcher = Patroon
matcher-help = john@example.com, example.com, *.example.com, provider:facebook.com of identity:facebook.com#0123456789

matcher-address = E-mailadres
matcher-domain = Domein
matcher-suffix = Domeinen eronder
matcher-provider = Identiteitsprovider
matcher-identity = Identiteit

effect = Gevolg
any-effect = Elk gevolg
choose-effect = Kies…
effect-allow = Toestaan
effect-review = Beoordelen
effect-deny = Weigeren

no-entries = Er zijn geen zulke vermeldingen.
no-entries-yet = Van de vermeldingen tot nu toe is er geen zo. Er zijn er meer.
entry-kind = Soort
entry-list = Lijst
entry-owner = Eigenaar
entry-end = Geldt tot
entry-without-end = Zonder einde
entry-expired = { $at } (verlopen)
expire-entry = Nu laten verlopen…
remove-entry = Verwijderen…

add-title = Vermelding toevoegen of wijzigen
add-help = Een vermelding met hetzelfde patroon in dezelfde lijst wordt vervangen. U wordt de eigenaar. U ziet vooraf wat er zou veranderen.
list-help = Letters, cijfers, koppeltekens, onderstrepingstekens en punten; “default” als u niets invult.
entry-reason-help = Voor uw collega’s. Schrijf niets over de persoon.
entry-expires = Verloopt (optioneel)
entry-expires-help = De vermelding geldt tot het einde van deze dag in UTC.
preview-entry = Bekijken wat er zou veranderen

fault-matcher = Het patroon wordt niet begrepen.
fault-list = De naam van een lijst heeft hoogstens 64 letters, cijfers, koppeltekens, onderstrepingstekens en punten.
fault-effect = Kies een gevolg.
fault-reason = Een reden heeft hoogstens 500 tekens.
fault-expires = De datum wordt niet begrepen.

entry-preview-title = Wat er zou veranderen
would-add = Deze vermelding zou worden toegevoegd
would-change = Deze vermelding zou worden gewijzigd
would-remove = Deze vermelding zou worden verwijderd
was-like-that = De vermelding is al zo. Er verandert niets.
was-not-there = Er is geen zulke vermelding. Er verandert niets.
confirm-entry = Bevestigen
entry-overtaken = Iemand heeft deze vermelding gewijzigd sinds u die zag, dus er is niets gewijzigd. Bekijk wat er nu zou veranderen en bevestig dan opnieuw.
back-to-lists = Terug naar de lijsten
entry-changed-title = De vermelding
was-added = Toegevoegd
was-changed = Gewijzigd
was-removed = Verwijderd

matched-title = Passende aanvragen die wachten
matched-help = De vermelding beslist niets over deze aanvragen. Beslis over elke aanvraag apart, of over meerdere tegelijk.
matched-none = Geen van de bekeken aanvragen past.
matched-part = Er kunnen er meer zijn: niet alle wachtende aanvragen zijn bekeken of worden getoond.
