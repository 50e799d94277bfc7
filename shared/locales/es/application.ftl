application-title = Su solicitud de una cuenta
application-pending = Usted solicitó una cuenta el { $made }. Su solicitud se está estudiando y tendrá una respuesta antes del { $until }. No tiene que hacer nada.
application-approved = Buenas noticias: su solicitud del { $made } se aprobó el { $decided }. Su cuenta se está creando, lo que suele tardar unos minutos.
application-provisioning = Buenas noticias: su solicitud del { $made } se aprobó el { $decided }. Su cuenta se está creando, lo que suele tardar unos minutos.
application-provisioned = Buenas noticias: su solicitud del { $made } se aprobó el { $decided }. Su cuenta está lista y puede iniciar sesión.
application-provisioning-failed = Su solicitud del { $made } se aprobó el { $decided }. La creación de su cuenta tarda más de lo debido; alguien se está ocupando de ello. No tiene que hacer nada.
application-denied = Gracias por su solicitud del { $made }. Se ha estudiado con atención y el { $decided } se decidió que no es posible concederle una cuenta.
application-expired = Lo sentimos: nadie pudo decidir sobre su solicitud del { $made } antes del { $until }. Puede volver a solicitarla cuando quiera.
application-withdrawn = Usted retiró su solicitud del { $made } el { $decided }. Puede volver a solicitarla cuando quiera.

application-message = La organización le escribe:
application-again = Puede volver a solicitarla a partir del { $from }.

application-withdraw = Retirar la solicitud
application-withdraw-sentence = Ya no se decidirá sobre su solicitud y no se creará ninguna cuenta. Puede volver a solicitarla en cualquier momento.
application-decided = Su solicitud no se pudo retirar, porque entretanto se ha decidido sobre ella. Aquí ve cómo está ahora.

application-erase = Borrar mis datos
application-erase-sentence = Todo lo que nos indicó para esta solicitud se borrará para siempre y ya nadie podrá leerlo. Quedará constancia de que hubo una solicitud, sin su nombre. Una solicitud sobre la que aún no se ha decidido se retirará. Una cuenta ya creada se mantendrá. Después, este enlace no llevará a ninguna parte.
application-erase-later = Sus datos son necesarios hasta que se cree su cuenta. Podrá hacer que se borren en esta página en cuanto la cuenta esté creada o la solicitud esté cerrada.
application-erased-title = Sus datos se han borrado
application-erased-sentence = Ya nadie puede leer lo que nos indicó para esta solicitud. Puede cerrar esta página.

application-back = Volver sin cambiar nada

application-missing-title = Este enlace no lleva a ninguna parte
application-missing-sentence = Puede que esté incompleto, que haya caducado o que ya no haya nada que mostrar. Abra el correo más reciente que tenga o pregunte a la organización.
application-forged-title = No se ha cambiado nada
application-forged-sentence = Esto no se envió desde esta página. Abra de nuevo el enlace del correo.
application-unavailable-title = Esto no funciona en este momento
application-unavailable-sentence = Inténtelo de nuevo dentro de unos minutos.
