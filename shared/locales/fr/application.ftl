application-title = Votre demande de compte
application-pending = Vous avez demandé un compte le { $made }. Votre demande est à l’étude, et vous aurez une réponse au plus tard le { $until }. Vous n’avez rien à faire.
application-approved = Bonne nouvelle : votre demande du { $made } a été approuvée le { $decided }. Votre compte est en cours de création, ce qui prend en général quelques minutes.
application-provisioning = Bonne nouvelle : votre demande du { $made } a été approuvée le { $decided }. Votre compte est en cours de création, ce qui prend en général quelques minutes.
application-provisioned = Bonne nouvelle : votre demande du { $made } a été approuvée le { $decided }. Votre compte est prêt, et vous pouvez vous connecter.
application-provisioning-failed = Votre demande du { $made } a été approuvée le { $decided }. La création de votre compte prend plus de temps que prévu ; quelqu’un s’en occupe. Vous n’avez rien à faire.
application-denied = Merci de votre demande du { $made }. Elle a été étudiée avec soin, et le { $decided } il a été décidé qu’un compte ne peut pas vous être accordé.
application-expired = Nous sommes désolés : personne n’a pu décider de votre demande du { $made } avant le { $until }. Vous pouvez volontiers en faire une nouvelle.
application-withdrawn = Vous avez retiré votre demande du { $made } le { $decided }. Vous pouvez volontiers en faire une nouvelle.

application-message = L’organisation vous écrit :
application-again = Vous pourrez faire une nouvelle demande à partir du { $from }.

application-withdraw = Retirer la demande
application-withdraw-sentence = Il ne sera plus décidé de votre demande, et aucun compte ne sera créé. Vous pourrez en faire une nouvelle à tout moment.
application-decided = Votre demande n’a pas pu être retirée, car une décision a été prise entre-temps. Vous voyez où elle en est maintenant.

application-erase = Effacer mes données
application-erase-sentence = Tout ce que vous nous avez indiqué pour cette demande sera effacé définitivement, et plus personne ne pourra le lire. Le fait qu’il y a eu une demande sera conservé, sans votre nom. Une demande encore sans décision sera retirée. Un compte déjà créé sera maintenu. Ce lien ne mènera ensuite nulle part.
application-erase-later = Vos données sont nécessaires jusqu’à la création de votre compte. Vous pourrez les faire effacer sur cette page dès que le compte sera créé ou la demande fermée.
application-erased-title = Vos données sont effacées
application-erased-sentence = Plus personne ne peut lire ce que vous nous avez indiqué pour cette demande. Vous pouvez fermer cette page.

application-back = Revenir sans rien modifier

application-missing-title = Ce lien ne mène nulle part
application-missing-sentence = Il est peut-être incomplet, sa validité est peut-être passée, ou il n’y a plus rien à montrer. Veuillez ouvrir l’e-mail le plus récent que vous avez, ou vous adresser à l’organisation.
application-forged-title = Rien n’a été modifié
application-forged-sentence = Cela n’a pas été envoyé depuis cette page. Veuillez ouvrir à nouveau le lien de l’e-mail.
application-unavailable-title = Cela ne fonctionne pas pour le moment
application-unavailable-sentence = Veuillez réessayer dans quelques minutes.
