application-title = Ihr Antrag auf ein Konto
application-pending = Sie haben am { $made } ein Konto beantragt. Ihr Antrag wird geprüft, und Sie erhalten bis { $until } eine Antwort. Sie müssen nichts tun.
application-approved = Gute Nachricht: Ihr Antrag vom { $made } wurde am { $decided } genehmigt. Ihr Konto wird erstellt, was in der Regel einige Minuten dauert.
application-provisioning = Gute Nachricht: Ihr Antrag vom { $made } wurde am { $decided } genehmigt. Ihr Konto wird erstellt, was in der Regel einige Minuten dauert.
application-provisioned = Gute Nachricht: Ihr Antrag vom { $made } wurde am { $decided } genehmigt. Ihr Konto ist bereit, und Sie können sich anmelden.
application-provisioning-failed = Ihr Antrag vom { $made } wurde am { $decided } genehmigt. Das Erstellen Ihres Kontos dauert länger als vorgesehen; jemand kümmert sich darum. Sie müssen nichts tun.
application-denied = Vielen Dank für Ihren Antrag vom { $made }. Er wurde sorgfältig geprüft, und am { $decided } wurde entschieden, dass kein Konto vergeben werden kann.
application-expired = Es tut uns leid: Über Ihren Antrag vom { $made } konnte bis { $until } niemand entscheiden. Sie können gerne einen neuen stellen.
application-withdrawn = Sie haben Ihren Antrag vom { $made } am { $decided } zurückgezogen. Sie können gerne einen neuen stellen.

application-message = Die Organisation schreibt Ihnen:
application-again = Ab { $from } können Sie einen neuen Antrag stellen.

application-withdraw = Antrag zurückziehen
application-withdraw-sentence = Über Ihren Antrag wird dann nicht mehr entschieden, und es wird kein Konto erstellt. Sie können jederzeit einen neuen stellen.
application-decided = Ihr Antrag konnte nicht zurückgezogen werden, denn inzwischen wurde über ihn entschieden. Sie sehen den jetzigen Stand.

application-erase = Meine Daten löschen
application-erase-sentence = Alles, was Sie uns für diesen Antrag mitgeteilt haben, wird endgültig gelöscht, und niemand kann es mehr lesen. Dass es einen Antrag gab, bleibt ohne Ihren Namen vermerkt. Ein Antrag, über den noch nicht entschieden ist, wird zurückgezogen. Ein bereits erstelltes Konto bleibt bestehen. Dieser Link führt danach nirgendwohin.
application-erase-later = Ihre Daten werden gebraucht, bis Ihr Konto erstellt ist. Sobald es erstellt oder der Antrag geschlossen ist, können Sie sie auf dieser Seite löschen lassen.
application-erased-title = Ihre Daten sind gelöscht
application-erased-sentence = Niemand kann mehr lesen, was Sie uns für diesen Antrag mitgeteilt haben. Sie können diese Seite schließen.

application-back = Zurück, ohne etwas zu ändern

application-missing-title = Dieser Link führt nirgendwohin
application-missing-sentence = Er ist vielleicht unvollständig, seine Zeit ist abgelaufen, oder es gibt nichts mehr zu zeigen. Öffnen Sie bitte Ihre neueste E-Mail, oder fragen Sie die Organisation.
application-forged-title = Es wurde nichts geändert
application-forged-sentence = Dies wurde nicht von dieser Seite gesendet. Öffnen Sie bitte den Link in der E-Mail erneut.
application-unavailable-title = Das funktioniert im Moment nicht
application-unavailable-sentence = Bitte versuchen Sie es in einigen Minuten erneut.
