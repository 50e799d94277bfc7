areas = Parties de la console
lists-title = Listes

look-up-title = Rechercher des entrées
look-up-label = Critère à rechercher
look-up = Rechercher
matcher = Critère
matcher-help = john@example.com, example.com, *.example.com, provider:facebook.com ou identity:facebook.com#0123456789

matcher-address = Adresse e-mail
matcher-domain = Domaine
matcher-suffix = Sous-domaines
matcher-provider = Fournisseur d’identité
matcher-identity = Identité

effect = Effet
any-effect = Tous les effets
choose-effect = Choisir…
effect-allow = Autoriser
effect-review = Examiner
effect-deny = Refuser

no-entries = Il n’y a aucune entrée de ce genre.
no-entries-yet = Aucune des entrées jusqu’ici n’est de ce genre. Il y en a d’autres.
entry-kind = Type
entry-list = Liste
entry-owner = Responsable
entry-end = Valable jusqu’au
entry-without-end = Sans fin
entry-expired = { $at } (expirée)
expire-entry = Faire expirer maintenant…
remove-entry = Supprimer…

add-title = Ajouter ou modifier une entrée
add-help = Une entrée avec le même critère dans la même liste est remplacée. Vous en devenez responsable. Vous voyez ce qui changerait avant que cela ne change.
list-help = Lettres, chiffres, tirets, tirets bas et points ; « default » si vous ne saisissez rien.
entry-reason-help = Pour vos collègues. N’écrivez rien sur la personne.
entry-expires = Expire (facultatif)
entry-expires-help = L’entrée est valable jusqu’à la fin de ce jour en UTC.
preview-entry = Voir ce qui changerait

fault-matcher = Le critère n’est pas compris.
fault-list = Le nom d’une liste compte au plus 64 lettres, chiffres, tirets, tirets bas et points.
fault-effect = Choisissez un effet.
fault-reason = Un motif compte au plus 500 caractères.
fault-expires = La date n’est pas comprise.

entry-preview-title = Ce qui changerait
would-add = Cette entrée serait ajoutée
would-change = Cette entrée serait modifiée
would-remove = Cette entrée serait supprimée
was-like-that = L’entrée est déjà ainsi. Rien ne change.
was-not-there = Il n’y a pas de telle entrée. Rien ne change.
confirm-entry = Confirmer
entry-overtaken = Quelqu’un a modifié cette entrée depuis que vous l’avez vue, rien n’a donc été modifié. Voyez ce qui changerait maintenant, puis confirmez à nouveau.
back-to-lists = Retour aux listes
entry-changed-title = L’entrée
was-added = Ajoutée
was-changed = Modifiée
was-removed = Supprimée

matched-title = Demandes en attente qui correspondent
matched-help = L’entrée ne décide de rien à leur sujet. Décidez de chacune, ou de plusieurs à la fois.
matched-none = Aucune des demandes examinées ne correspond.
matched-part = Il peut y en avoir d’autres : toutes les demandes en attente n’ont pas été examinées ou ne sont pas affichées.
