application-title = Uw aanvraag voor een account
application-pending = U hebt op { $made } een account aangevraagd. Uw aanvraag wordt beoordeeld en u krijgt uiterlijk { $until } antwoord. U hoeft niets te doen.
application-approved = Goed nieuws: uw aanvraag van { $made } is op { $decided } goedgekeurd. Uw account wordt aangemaakt, wat meestal een paar minuten duurt.
application-provisioning = Goed nieuws: uw aanvraag van { $made } is op { $decided } goedgekeurd. Uw account wordt aangemaakt, wat meestal een paar minuten duurt.
application-provisioned = Goed nieuws: uw aanvraag van { $made } is op { $decided } goedgekeurd. Uw account is klaar en u kunt inloggen.
application-provisioning-failed = Uw aanvraag van { $made } is op { $decided } goedgekeurd. Het aanmaken van uw account duurt langer dan het zou moeten; er wordt naar gekeken. U hoeft niets te doen.
application-denied = Dank u voor uw aanvraag van { $made }. Die is zorgvuldig bekeken, en op { $decided } is besloten dat er geen account gegeven kan worden.
application-expired = Het spijt ons: niemand heeft vóór { $until } over uw aanvraag van { $made } kunnen beslissen. U kunt gerust een nieuwe doen.
application-withdrawn = U hebt uw aanvraag van { $made } op { $decided } ingetrokken. U kunt gerust een nieuwe doen.

application-message = De organisatie schrijft u:
application-again = Vanaf { $from } kunt u een nieuwe aanvraag doen.

application-withdraw = De aanvraag intrekken
application-withdraw-sentence = Er wordt dan niet meer over uw aanvraag beslist en er wordt geen account aangemaakt. U kunt altijd een nieuwe aanvraag doen.
application-decided = Uw aanvraag kon niet worden ingetrokken, want er is intussen over beslist. U ziet hoe het er nu mee staat.

application-erase = Mijn gegevens wissen
application-erase-sentence = Alles wat u ons voor deze aanvraag hebt verteld, wordt voorgoed gewist, en niemand kan het nog lezen. Dat er een aanvraag was, blijft bewaard zonder uw naam. Een aanvraag waarover nog niet is beslist, wordt ingetrokken. Een account dat al is aangemaakt, blijft bestaan. Deze link leidt daarna nergens meer heen.
application-erase-later = Uw gegevens zijn nodig totdat uw account is aangemaakt. U kunt ze op deze pagina laten wissen zodra het account er is of de aanvraag gesloten is.
application-erased-title = Uw gegevens zijn gewist
application-erased-sentence = Niemand kan nog lezen wat u ons voor deze aanvraag hebt verteld. U kunt deze pagina sluiten.

application-back = Terug, zonder iets te wijzigen

application-missing-title = Deze link leidt nergens heen
application-missing-sentence = Misschien is de link onvolledig, is de geldigheid voorbij, of is er niets meer te tonen. Open de laatste e-mail die u hebt, of vraag het de organisatie.
application-forged-title = Er is niets gewijzigd
application-forged-sentence = Dit is niet vanaf deze pagina verzonden. Open de link in de e-mail opnieuw.
application-unavailable-title = Dit werkt op dit moment niet
application-unavailable-sentence = Probeer het over een paar minuten opnieuw.
