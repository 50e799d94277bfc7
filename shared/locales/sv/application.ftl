application-title = Din ansökan om ett konto
application-pending = Du ansökte om ett konto { $made }. Din ansökan granskas och du får svar senast { $until }. Du behöver inte göra något.
application-approved = Goda nyheter: din ansökan från { $made } godkändes { $decided }. Ditt konto håller på att skapas, vilket brukar ta några minuter.
application-provisioning = Goda nyheter: din ansökan från { $made } godkändes { $decided }. Ditt konto håller på att skapas, vilket brukar ta några minuter.
application-provisioned = Goda nyheter: din ansökan från { $made } godkändes { $decided }. Ditt konto är klart och du kan logga in.
application-provisioning-failed = Din ansökan från { $made } godkändes { $decided }. Det tar längre tid än det borde att skapa ditt konto; någon ser på saken. Du behöver inte göra något.
application-denied = Tack för din ansökan från { $made }. Den har granskats noga, och { $decided } beslutades att du inte kan få något konto.
application-expired = Vi beklagar: ingen kunde fatta beslut om din ansökan från { $made } senast { $until }. Du är välkommen att ansöka igen.
application-withdrawn = Du återkallade din ansökan från { $made } den { $decided }. Du är välkommen att ansöka igen.

application-message = Organisationen skriver till dig:
application-again = Du kan ansöka igen från { $from }.

application-withdraw = Återkalla ansökan
application-withdraw-sentence = Då fattas inget beslut om din ansökan och inget konto skapas. Du kan ansöka igen när du vill.
application-decided = Din ansökan kunde inte återkallas, eftersom beslut har fattats under tiden. Du ser hur det står till nu.

application-erase = Radera mina uppgifter
application-erase-sentence = Allt du har uppgett för den här ansökan raderas för gott, och ingen kan läsa det längre. Att det har funnits en ansökan sparas, utan ditt namn. En ansökan som inte är avgjord återkallas. Ett konto som redan har skapats finns kvar. Länken leder ingenstans efteråt.
application-erase-later = Dina uppgifter behövs tills ditt konto har skapats. Du kan få dem raderade på den här sidan så snart kontot finns eller ansökan är stängd.
application-erased-title = Dina uppgifter är raderade
application-erased-sentence = Ingen kan längre läsa vad du har uppgett för den här ansökan. Du kan stänga sidan.

application-back = Tillbaka, utan att ändra något

application-missing-title = Länken leder ingenstans
application-missing-sentence = Den kan vara ofullständig, dess tid kan ha gått ut, eller så finns det inget kvar att visa. Öppna det senaste mejlet du har fått eller fråga organisationen.
application-forged-title = Inget har ändrats
application-forged-sentence = Det här skickades inte från den här sidan. Öppna länken i mejlet igen.
application-unavailable-title = Det här fungerar inte just nu
application-unavailable-sentence = Försök igen om några minuter.
