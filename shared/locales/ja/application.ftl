application-title = アカウントの申請
application-pending = { $made } にアカウントの申請を受け付けました。現在審査中で、{ $until } までにお返事いたします。お手続きは不要です。
application-approved = { $made } の申請は { $decided } に承認されました。現在アカウントを作成しています。通常は数分で完了します。
application-provisioning = { $made } の申請は { $decided } に承認されました。現在アカウントを作成しています。通常は数分で完了します。
application-provisioned = { $made } の申請は { $decided } に承認されました。アカウントの準備ができましたので、サインインしていただけます。
application-provisioning-failed = { $made } の申請は { $decided } に承認されました。アカウントの作成に通常より時間がかかっており、担当者が確認しています。お手続きは不要です。
application-denied = { $made } に申請いただき、ありがとうございました。慎重に審査した結果、{ $decided } に、アカウントを発行できないと決定されました。
application-expired = 申し訳ございません。{ $made } の申請は、{ $until } までに決定できませんでした。もう一度申請していただけます。
application-withdrawn = { $made } の申請は { $decided } に取り下げられました。もう一度申請していただけます。

application-message = 組織からのメッセージ：
application-again = { $from } 以降にもう一度申請していただけます。

application-withdraw = 申請を取り下げる
application-withdraw-sentence = 取り下げると、申請の審査は行われず、アカウントは作成されません。いつでももう一度申請していただけます。
application-decided = すでに決定が行われたため、申請を取り下げられませんでした。現在の状況を表示しています。

application-erase = データを消去する
application-erase-sentence = この申請でご入力いただいた内容はすべて完全に消去され、誰にも読めなくなります。申請があったことは、お名前のない形で記録に残ります。まだ決定されていない申請は取り下げられます。すでに作成されたアカウントはそのまま残ります。その後、このリンクは使用できなくなります。
application-erase-later = アカウントが作成されるまで、お客様のデータが必要です。アカウントが作成されるか申請が終了すると、このページで消去していただけます。
application-erased-title = データを消去しました
application-erased-sentence = この申請でご入力いただいた内容は、もう誰にも読めません。このページを閉じてください。

application-back = 変更せずに戻る

application-missing-title = このリンクは使用できません
application-missing-sentence = リンクが不完全か、有効期限が切れたか、表示するものがなくなっています。お手元の最新のメールを開くか、組織にお問い合わせください。
application-forged-title = 何も変更されていません
application-forged-sentence = この操作はこのページから送信されたものではありません。メールのリンクをもう一度開いてください。
application-unavailable-title = ただいま利用できません
application-unavailable-sentence = 数分後にもう一度お試しください。
