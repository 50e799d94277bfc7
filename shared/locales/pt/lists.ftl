areas = Partes da consola
lists-title = Listas

look-up-title = Procurar entradas
look-up-label = Padrão a procurar
look-up = Procurar entradas
matcher = Padrão
matcher-help = john@example.com, example.com, *.example.com, provider:facebook.com ou identity:facebook.com#0123456789

matcher-address = Endereço de e-mail
matcher-domain = Domínio
matcher-suffix = Subdomínios
matcher-provider = Fornecedor de identidade
matcher-identity = Identidade

effect = Efeito
any-effect = Todos os efeitos
choose-effect = Escolha…
effect-allow = Permitir
effect-review = Rever
effect-deny = Recusar

no-entries = Não há entradas assim.
no-entries-yet = Nenhuma das entradas até agora é assim. Há mais.
entry-kind = Tipo
entry-list = Lista
entry-owner = Responsável
entry-end = Vale até
entry-without-end = Sem fim
entry-expired = { $at } (expirada)
expire-entry = Fazer expirar agora…
remove-entry = Remover…

add-title = Adicionar ou alterar uma entrada
add-help = Uma entrada com o mesmo padrão na mesma lista é substituída. Passa a ser o responsável. Vê o que mudaria antes de mudar.
list-help = Letras, algarismos, hífenes, sublinhados e pontos; «default» se deixar vazio.
entry-reason-help = Para os seus colegas. Não escreva nada sobre a pessoa.
entry-expires = Expira (opcional)
entry-expires-help = A entrada vale até ao fim deste dia em UTC.
preview-entry = Ver o que mudaria

fault-matcher = O padrão não é compreendido.
fault-list = O nome de uma lista tem no máximo 64 letras, algarismos, hífenes, sublinhados e pontos.
fault-effect = Escolha um efeito.
fault-reason = Um motivo tem no máximo 500 caracteres.
fault-expires = A data não é compreendida.

entry-preview-title = O que mudaria
would-add = Esta entrada seria adicionada
would-change = Esta entrada seria alterada
would-remove = Esta entrada seria removida
was-like-that = A entrada já é assim. Nada muda.
was-not-there = Não há nenhuma entrada assim. Nada muda.
confirm-entry = Confirmar
entry-overtaken = Alguém alterou esta entrada desde que a viu, por isso nada foi alterado. Veja o que mudaria agora e confirme novamente.
back-to-lists = Voltar às listas
entry-changed-title = A entrada
was-added = Adicionada
was-changed = Alterada
was-removed = Removida

matched-title = Pedidos em espera que correspondem
matched-help = A entrada não decide nada sobre eles. Decida sobre cada um, ou sobre vários ao mesmo tempo.
matched-none = Nenhum dos pedidos analisados corresponde.
matched-part = Pode haver outros: nem todos os pedidos em espera foram analisados ou são mostrados.
