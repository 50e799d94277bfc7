application-title = La Sua richiesta di un account
application-pending = Ha richiesto un account il { $made }. La Sua richiesta è in esame e riceverà una risposta entro il { $until }. Non deve fare nulla.
application-approved = Buone notizie: la Sua richiesta del { $made } è stata approvata il { $decided }. Il Suo account è in fase di creazione, il che di solito richiede qualche minuto.
application-provisioning = Buone notizie: la Sua richiesta del { $made } è stata approvata il { $decided }. Il Suo account è in fase di creazione, il che di solito richiede qualche minuto.
application-provisioned = Buone notizie: la Sua richiesta del { $made } è stata approvata il { $decided }. Il Suo account è pronto e può accedere.
application-provisioning-failed = La Sua richiesta del { $made } è stata approvata il { $decided }. La creazione del Suo account richiede più tempo del dovuto; qualcuno se ne sta occupando. Non deve fare nulla.
application-denied = Grazie per la Sua richiesta del { $made }. È stata esaminata con cura e il { $decided } è stato deciso che non è possibile assegnare un account.
application-expired = Siamo spiacenti: nessuno ha potuto decidere sulla Sua richiesta del { $made } entro il { $until }. Può farne volentieri una nuova.
application-withdrawn = Ha ritirato la Sua richiesta del { $made } il { $decided }. Può farne volentieri una nuova.

application-message = L’organizzazione Le scrive:
application-again = Può fare una nuova richiesta dal { $from }.

application-withdraw = Ritira la richiesta
application-withdraw-sentence = Non si deciderà più sulla Sua richiesta e non verrà creato alcun account. Può farne una nuova in qualsiasi momento.
application-decided = Non è stato possibile ritirare la Sua richiesta, perché nel frattempo è stata presa una decisione. Qui vede come sta ora.

application-erase = Cancella i miei dati
application-erase-sentence = Tutto ciò che ci ha comunicato per questa richiesta viene cancellato per sempre e nessuno potrà più leggerlo. Resta annotato che c’è stata una richiesta, senza il Suo nome. Una richiesta non ancora decisa viene ritirata. Un account già creato resta. In seguito questo collegamento non porterà da nessuna parte.
application-erase-later = I Suoi dati servono finché il Suo account non è stato creato. Potrà farli cancellare su questa pagina appena l’account sarà creato o la richiesta sarà chiusa.
application-erased-title = I Suoi dati sono stati cancellati
application-erased-sentence = Nessuno può più leggere ciò che ci ha comunicato per questa richiesta. Può chiudere questa pagina.

application-back = Indietro, senza modificare nulla

application-missing-title = Questo collegamento non porta da nessuna parte
application-missing-sentence = Forse è incompleto, è scaduto oppure non c’è più nulla da mostrare. Apra l’e-mail più recente che ha o si rivolga all’organizzazione.
application-forged-title = Non è stato modificato nulla
application-forged-sentence = Questo non è stato inviato da questa pagina. Apra di nuovo il collegamento nell’e-mail.
application-unavailable-title = Al momento non funziona
application-unavailable-sentence = Riprovi tra qualche minuto.
