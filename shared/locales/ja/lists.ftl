areas = コンソールの各部
lists-title = リスト

look-up-title = 項目を調べる
look-up-label = 調べる対象
look-up = 調べる
matcher = 対象
matcher-help = john@example.com, example.com, *.example.com, provider:facebook.com または identity:facebook.com#0123456789

matcher-address = メールアドレス
matcher-domain = ドメイン
matcher-suffix = 下位のドメイン
matcher-provider = ID プロバイダー
matcher-identity = ID

effect = 効果
any-effect = すべての効果
choose-effect = 選択…
effect-allow = 許可
effect-review = 審査
effect-deny = 拒否

no-entries = 該当する項目はありません。
no-entries-yet = これまでの項目に該当するものはありません。まだ続きがあります。
entry-kind = 種類
entry-list = リスト
entry-owner = 担当者
entry-end = 有効期限
entry-without-end = 期限なし
entry-expired = { $at }（期限切れ）
expire-entry = 今すぐ期限切れにする…
remove-entry = 削除…

add-title = 項目を追加または変更する
add-help = 同じリストに同じ対象の項目があれば置き換えられます。担当者はあなたになります。変更の前に、変更内容を確認できます。
list-help = 英字、数字、ハイフン、下線、ピリオド。空欄なら “default” になります。
entry-reason-help = 同僚のための記載です。個人に関することは書かないでください。
entry-expires = 期限（任意）
entry-expires-help = 項目はこの日の終わり（UTC）まで有効です。
preview-entry = 変更内容を確認する

fault-matcher = 対象を解釈できません。
fault-list = リストの名前は、英字、数字、ハイフン、下線、ピリオドで 64 文字までです。
fault-effect = 効果を選択してください。
fault-reason = 理由は 500 文字までです。
fault-expires = 日付を解釈できません。

entry-preview-title = 変更内容
would-add = この項目が追加されます
would-change = この項目が変更されます
would-remove = この項目が削除されます
was-like-that = 項目はすでにそのとおりです。何も変更されません。
was-not-there = 該当する項目はありません。何も変更されません。
confirm-entry = 確定する
entry-overtaken = 表示した後にほかの人がこの項目を変更したため、何も変更されていません。現在の変更内容をご確認のうえ、もう一度確定してください。
back-to-lists = リストへ戻る
entry-changed-title = 項目
was-added = 追加しました
was-changed = 変更しました
was-removed = 削除しました

matched-title = 該当する審査待ちの申請
matched-help = 項目によってこれらの申請が決定されることはありません。個別に、またはまとめて決定してください。
matched-none = 確認した申請に該当するものはありません。
matched-part = ほかにもある可能性があります。審査待ちの申請のすべてを確認または表示しているわけではありません。
