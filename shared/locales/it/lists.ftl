areas = Parti della console
lists-title = Liste

look-up-title = Cerca voci
look-up-label = Criterio da cercare
look-up = Cerca voci
matcher = Criterio
matcher-help = john@example.com, example.com, *.example.com, provider:facebook.com o identity:facebook.com#0123456789

matcher-address = Indirizzo e-mail
matcher-domain = Dominio
matcher-suffix = Sottodomini
matcher-provider = Provider di identità
matcher-identity = Identità

effect = Effetto
any-effect = Tutti gli effetti
choose-effect = Scelga…
effect-allow = Consenti
effect-review = Esamina
effect-deny = Nega

no-entries = Non ci sono voci di questo tipo.
no-entries-yet = Nessuna delle voci finora è di questo tipo. Ce ne sono altre.
entry-kind = Tipo
entry-list = Lista
entry-owner = Responsabile
entry-end = Vale fino a
entry-without-end = Senza fine
entry-expired = { $at } (scaduta)
expire-entry = Fai scadere ora…
remove-entry = Rimuovi…

add-title = Aggiungi o modifica una voce
add-help = Una voce con lo stesso criterio nella stessa lista viene sostituita. Lei ne diventa responsabile. Vede che cosa cambierebbe prima che cambi.
list-help = Lettere, cifre, trattini, trattini bassi e punti; «default» se lo lascia vuoto.
entry-reason-help = Per i Suoi colleghi. Non scriva nulla sulla persona.
entry-expires = Scade (facoltativo)
entry-expires-help = La voce vale fino alla fine di questo giorno in UTC.
preview-entry = Vedi che cosa cambierebbe

fault-matcher = Il criterio non è comprensibile.
fault-list = Il nome di una lista ha al massimo 64 lettere, cifre, trattini, trattini bassi e punti.
fault-effect = Scelga un effetto.
fault-reason = Una motivazione ha al massimo 500 caratteri.
fault-expires = La data non è comprensibile.

entry-preview-title = Che cosa cambierebbe
would-add = Questa voce verrebbe aggiunta
would-change = Questa voce verrebbe modificata
would-remove = Questa voce verrebbe rimossa
was-like-that = La voce è già così. Non cambia nulla.
was-not-there = Non c’è nessuna voce di questo tipo. Non cambia nulla.
confirm-entry = Conferma
entry-overtaken = Qualcuno ha modificato questa voce da quando l’ha vista, quindi non è stato modificato nulla. Veda che cosa cambierebbe ora e confermi di nuovo.
back-to-lists = Torna alle liste
entry-changed-title = La voce
was-added = Aggiunta
was-changed = Modificata
was-removed = Rimossa

matched-title = Richieste in attesa che corrispondono
matched-help = La voce non decide nulla su di esse. Decida su ciascuna, o su più richieste insieme.
matched-none = Nessuna delle richieste esaminate corrisponde.
matched-part = Possono essercene altre: non tutte le richieste in attesa sono state esaminate o vengono mostrate.
