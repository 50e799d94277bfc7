application-title = O seu pedido de uma conta
application-pending = Pediu uma conta em { $made }. O seu pedido está a ser analisado e terá uma resposta até { $until }. Não precisa de fazer nada.
application-approved = Boas notícias: o seu pedido de { $made } foi aprovado em { $decided }. A sua conta está a ser criada, o que em geral demora alguns minutos.
application-provisioning = Boas notícias: o seu pedido de { $made } foi aprovado em { $decided }. A sua conta está a ser criada, o que em geral demora alguns minutos.
application-provisioned = Boas notícias: o seu pedido de { $made } foi aprovado em { $decided }. A sua conta está pronta e pode iniciar sessão.
application-provisioning-failed = O seu pedido de { $made } foi aprovado em { $decided }. A criação da sua conta está a demorar mais do que devia; alguém está a tratar do assunto. Não precisa de fazer nada.
application-denied = Obrigado pelo seu pedido de { $made }. Foi analisado com cuidado e, em { $decided }, foi decidido que não é possível atribuir uma conta.
application-expired = Lamentamos: ninguém pôde decidir sobre o seu pedido de { $made } até { $until }. Pode fazer um novo pedido quando quiser.
application-withdrawn = Retirou o seu pedido de { $made } em { $decided }. Pode fazer um novo pedido quando quiser.

application-message = A organização escreve-lhe:
application-again = Pode fazer um novo pedido a partir de { $from }.

application-withdraw = Retirar o pedido
application-withdraw-sentence = Deixa de haver uma decisão sobre o seu pedido e não é criada nenhuma conta. Pode fazer um novo pedido a qualquer momento.
application-decided = Não foi possível retirar o seu pedido, porque entretanto foi tomada uma decisão. Aqui vê como está agora.

application-erase = Apagar os meus dados
application-erase-sentence = Tudo o que nos indicou para este pedido é apagado para sempre e já ninguém o poderá ler. Fica registado que houve um pedido, sem o seu nome. Um pedido ainda sem decisão é retirado. Uma conta já criada mantém-se. Depois disso, esta ligação não leva a lado nenhum.
application-erase-later = Os seus dados são necessários até a sua conta ser criada. Pode mandar apagá-los nesta página assim que a conta esteja criada ou o pedido esteja fechado.
application-erased-title = Os seus dados foram apagados
application-erased-sentence = Já ninguém pode ler o que nos indicou para este pedido. Pode fechar esta página.

application-back = Voltar sem alterar nada

application-missing-title = Esta ligação não leva a lado nenhum
application-missing-sentence = Pode estar incompleta, ter expirado ou já não haver nada para mostrar. Abra o e-mail mais recente que tiver ou pergunte à organização.
application-forged-title = Nada foi alterado
application-forged-sentence = Isto não foi enviado a partir desta página. Abra novamente a ligação no e-mail.
application-unavailable-title = Isto não funciona neste momento
application-unavailable-sentence = Tente novamente dentro de alguns minutos.
