application-title = 您的帳號申請
application-pending = 您於 { $made } 申請了帳號。您的申請正在審核中，您將於 { $until } 前收到回覆。您無須進行任何操作。
application-approved = 好消息：您於 { $made } 提出的申請已於 { $decided } 獲得核准。您的帳號正在建立中，通常需要幾分鐘。
application-provisioning = 好消息：您於 { $made } 提出的申請已於 { $decided } 獲得核准。您的帳號正在建立中，通常需要幾分鐘。
application-provisioned = 好消息：您於 { $made } 提出的申請已於 { $decided } 獲得核准。您的帳號已備妥，您可以登入。
application-provisioning-failed = 您於 { $made } 提出的申請已於 { $decided } 獲得核准。建立帳號的時間比預期長，已有人員在處理。您無須進行任何操作。
application-denied = 感謝您於 { $made } 提出申請。我們已仔細審核，並於 { $decided } 決定無法提供帳號。
application-expired = 很抱歉：您於 { $made } 提出的申請未能在 { $until } 前作出決定。歡迎您再次申請。
application-withdrawn = 您已於 { $decided } 撤回 { $made } 提出的申請。歡迎您再次申請。

application-message = 該組織給您的訊息：
application-again = 您可以自 { $from } 起再次申請。

application-withdraw = 撤回申請
application-withdraw-sentence = 撤回後將不再審核您的申請，也不會建立帳號。您可以隨時再次申請。
application-decided = 您的申請無法撤回，因為在此期間已有決定。您看到的是目前的狀態。

application-erase = 清除我的資料
application-erase-sentence = 您為此申請提供的所有內容將永久清除，任何人都無法再讀取。曾有申請一事會保留，但不含您的姓名。尚未決定的申請將會撤回。已建立的帳號會保留。之後此連結將不再有效。
application-erase-later = 在您的帳號建立之前，仍需要您的資料。帳號建立或申請關閉後，您即可在此頁面清除資料。
application-erased-title = 您的資料已清除
application-erased-sentence = 任何人都無法再讀取您為此申請提供的內容。您可以關閉此頁面。

application-back = 返回，不做任何變更

application-missing-title = 此連結無法使用
application-missing-sentence = 連結可能不完整、已逾期，或已沒有可顯示的內容。請開啟您收到的最新郵件，或詢問該組織。
application-forged-title = 未變更任何內容
application-forged-sentence = 這並非由此頁面送出。請重新開啟郵件中的連結。
application-unavailable-title = 目前無法使用
application-unavailable-sentence = 請於幾分鐘後再試一次。
