areas = 主控台的各部分
lists-title = 清單

look-up-title = 查詢項目
look-up-label = 要查詢的對象
look-up = 查詢
matcher = 對象
matcher-help = john@example.com, example.com, *.example.com, provider:facebook.com 或 identity:facebook.com#0123456789

matcher-address = 電子郵件地址
matcher-domain = 網域
matcher-suffix = 下層網域
matcher-provider = 身分識別提供者
matcher-identity = 身分識別

effect = 效果
any-effect = 所有效果
choose-effect = 請選擇…
effect-allow = 允許
effect-review = 審核
effect-deny = 拒絕

no-entries = 沒有這類項目。
no-entries-yet = 目前為止的項目中沒有這一類。還有更多項目。
entry-kind = 種類
entry-list = 清單
entry-owner = 負責人
entry-end = 有效至
entry-without-end = 無期限
entry-expired = { $at }（已到期）
expire-entry = 立即到期…
remove-entry = 移除…

add-title = 新增或變更項目
add-help = 同一清單中相同對象的項目會被取代，並由您負責。變更之前，您會先看到將變更的內容。
list-help = 字母、數字、連字號、底線和句點；留空則為「default」。
entry-reason-help = 供同事參考。請勿寫下任何與個人有關的內容。
entry-expires = 到期日（選填）
entry-expires-help = 項目的有效期到這一天結束為止（UTC）。
preview-entry = 查看將變更的內容

fault-matcher = 無法理解此對象。
fault-list = 清單名稱最多 64 個字母、數字、連字號、底線和句點。
fault-effect = 請選擇效果。
fault-reason = 理由最多 500 個字元。
fault-expires = 無法理解此日期。

entry-preview-title = 將變更的內容
would-add = 將新增此項目
would-change = 將變更此項目
would-remove = 將移除此項目
was-like-that = 項目已是如此。不做任何變更。
was-not-there = 沒有這個項目。不做任何變更。
confirm-entry = 確認
entry-overtaken = 自您查看後已有人變更此項目，因此未做任何變更。請查看現在將變更的內容，然後再次確認。
back-to-lists = 返回清單
entry-changed-title = 項目
was-added = 已新增
was-changed = 已變更
was-removed = 已移除

matched-title = 符合的等待中申請
matched-help = 此項目不會對這些申請做出任何決定。請逐一決定，或一次決定多份。
matched-none = 查看過的申請中沒有符合的。
matched-part = 可能還有其他申請：並非所有等待中的申請都已查看或顯示。
