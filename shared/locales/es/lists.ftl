areas = Partes de la consola
lists-title = Listas

look-up-title = Buscar entradas
look-up-label = Patrón que buscar
look-up = Buscar entradas
matcher = Patrón
matcher-help = john@example.com, example.com, *.example.com, provider:facebook.com o identity:facebook.com#0123456789

matcher-address = Dirección de correo electrónico
matcher-domain = Dominio
matcher-suffix = Subdominios
matcher-provider = Proveedor de identidades
matcher-identity = Identidad

effect = Efecto
any-effect = Todos los efectos
choose-effect = Elija…
effect-allow = Permitir
effect-review = Revisar
effect-deny = Denegar

no-entries = No hay entradas así.
no-entries-yet = Ninguna de las entradas hasta ahora es así. Hay más.
entry-kind = Tipo
entry-list = Lista
entry-owner = Responsable
entry-end = Vale hasta
entry-without-end = Sin fin
entry-expired = { $at } (caducada)
expire-entry = Hacer caducar ahora…
remove-entry = Quitar…

add-title = Añadir o cambiar una entrada
add-help = Se sustituye la entrada con el mismo patrón en la misma lista. Usted pasa a ser responsable. Verá qué cambiaría antes de que cambie.
list-help = Letras, cifras, guiones, guiones bajos y puntos; «default» si lo deja vacío.
entry-reason-help = Para sus colegas. No escriba nada sobre la persona.
entry-expires = Caduca (opcional)
entry-expires-help = La entrada vale hasta el final de este día en UTC.
preview-entry = Ver qué cambiaría

fault-matcher = No se entiende el patrón.
fault-list = El nombre de una lista tiene como máximo 64 letras, cifras, guiones, guiones bajos y puntos.
fault-effect = Elija un efecto.
fault-reason = Un motivo tiene como máximo 500 caracteres.
fault-expires = No se entiende la fecha.

entry-preview-title = Qué cambiaría
would-add = Se añadiría esta entrada
would-change = Se cambiaría esta entrada
would-remove = Se quitaría esta entrada
was-like-that = La entrada ya es así. No cambia nada.
was-not-there = No hay ninguna entrada así. No cambia nada.
confirm-entry = Confirmar
entry-overtaken = Alguien ha cambiado esta entrada desde que usted la vio, así que no se ha cambiado nada. Vea qué cambiaría ahora y confirme de nuevo.
back-to-lists = Volver a las listas
entry-changed-title = La entrada
was-added = Añadida
was-changed = Cambiada
was-removed = Quitada

matched-title = Solicitudes en espera que coinciden
matched-help = La entrada no decide nada sobre ellas. Decida sobre cada una, o sobre varias a la vez.
matched-none = Ninguna de las solicitudes revisadas coincide.
matched-part = Puede haber otras: no se han revisado o no se muestran todas las solicitudes en espera.
