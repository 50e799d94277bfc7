areas = Bereiche der Konsole
lists-title = Listen

look-up-title = Einträge nachschlagen
look-up-label = Nachzuschlagendes Muster
look-up = Nachschlagen
matcher = Muster
matcher-help = john@example.com, example.com, *.example.com, provider:facebook.com oder identity:facebook.com#0123456789

matcher-address = E-Mail-Adresse
matcher-domain = Domain
matcher-suffix = Domains darunter
matcher-provider = Identitätsanbieter
matcher-identity = Identität

effect = Wirkung
any-effect = Jede Wirkung
choose-effect = Auswählen …
effect-allow = Zulassen
effect-review = Prüfen
effect-deny = Ablehnen

no-entries = Es gibt keine solchen Einträge.
no-entries-yet = Unter den bisherigen Einträgen ist keiner dieser Art. Es gibt weitere.
entry-kind = Art
entry-list = Liste
entry-owner = Verantwortlich
entry-end = Gilt bis
entry-without-end = Ohne Ende
entry-expired = { $at } (abgelaufen)
expire-entry = Jetzt ablaufen lassen …
remove-entry = Entfernen …

add-title = Eintrag hinzufügen oder ändern
add-help = Ein Eintrag mit demselben Muster in derselben Liste wird ersetzt. Verantwortlich sind dann Sie. Sie sehen vorher, was sich ändern würde.
list-help = Buchstaben, Ziffern, Bindestriche, Unterstriche und Punkte; „default“, wenn Sie nichts eingeben.
entry-reason-help = Für Ihre Kolleginnen und Kollegen. Schreiben Sie nichts über die Person.
entry-expires = Läuft ab (freiwillig)
entry-expires-help = Der Eintrag gilt bis zum Ende dieses Tages in UTC.
preview-entry = Ansehen, was sich ändern würde

fault-matcher = Das Muster wird nicht verstanden.
fault-list = Der Name einer Liste hat höchstens 64 Buchstaben, Ziffern, Bindestriche, Unterstriche und Punkte.
fault-effect = Wählen Sie eine Wirkung aus.
fault-reason = Eine Begründung hat höchstens 500 Zeichen.
fault-expires = Das Datum wird nicht verstanden.

entry-preview-title = Was sich ändern würde
would-add = Dieser Eintrag würde hinzugefügt
would-change = Dieser Eintrag würde geändert
would-remove = Dieser Eintrag würde entfernt
was-like-that = Der Eintrag ist schon so. Es ändert sich nichts.
was-not-there = Es gibt keinen solchen Eintrag. Es ändert sich nichts.
confirm-entry = Bestätigen
entry-overtaken = Jemand hat diesen Eintrag geändert, seit Sie ihn gesehen haben. Deshalb wurde nichts geändert. Sehen Sie, was sich jetzt ändern würde, und bestätigen Sie dann erneut.
back-to-lists = Zurück zu den Listen
entry-changed-title = Der Eintrag
was-added = Hinzugefügt
was-changed = Geändert
was-removed = Entfernt

matched-title = Passende Anträge, die warten
matched-help = Der Eintrag entscheidet nichts über sie. Entscheiden Sie über jeden einzeln oder über mehrere zugleich.
matched-none = Keiner der angesehenen Anträge passt.
matched-part = Es kann weitere geben: Nicht alle wartenden Anträge wurden angesehen oder werden gezeigt.
