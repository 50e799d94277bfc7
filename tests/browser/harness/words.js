// What the pages of a sign-up say in the languages that the tests use.

export const ENGLISH = {
  tag: 'en-US',
  name: 'English',
  providers: {
    google: 'Continue with Google',
    facebook: 'Continue with Facebook',
    entra: 'Continue with a work or school account',
    microsoft: 'Continue with a Microsoft account',
    'email-code': 'Continue with a code sent by email',
    local: 'Continue with an email address and a password',
  },
  createAccount: 'Create account',
  email: 'Email address',
  accountId: 'Account ID',
  next: 'Next',
  code: 'Code',
  details: 'Add details',
  displayName: 'Display name',
  city: 'City',
  password: 'New password',
  repeatPassword: 'Confirm new password',
  create: 'Create',
  created: 'Your account was created',
  known: 'You already have an account',
  blocked: 'You can’t sign up here',
  failed: 'Sorry, but we’re having trouble signing you in.',
  somethingWrong: 'Something went wrong',
  continueTo: (application) => `Continue to ${application}`,
  signedInTo: (application) => `You are signed in to ${application}`,
  denied:
    /^It isn’t possible to sign up with this account\. If you believe this is a mistake, please contact the organisation and quote reference [0-9A-Z]{4}-[0-9A-Z]{4}\.$/,
};

export const SWEDISH = {
  tag: 'sv-SE',
  name: 'Svenska',
  providers: {
    google: 'Fortsätt med Google',
    'email-code': 'Fortsätt med en kod via e-post',
    local: 'Fortsätt med e-postadress och lösenord',
  },
  createAccount: 'Skapa konto',
  email: 'E-postadress',
  next: 'Nästa',
  code: 'Kod',
  details: 'Lägg till uppgifter',
  displayName: 'Visningsnamn',
  city: 'Ort',
  password: 'Nytt lösenord',
  repeatPassword: 'Bekräfta det nya lösenordet',
  create: 'Skapa',
  created: 'Ditt konto har skapats',
  blocked: 'Du kan inte registrera dig här',
  denied:
    /^Det går inte att registrera sig med det här kontot\. Om du tror att det har blivit fel kan du kontakta organisationen och uppge referens [0-9A-Z]{4}-[0-9A-Z]{4}\.$/,
};

export const CHINESE = {
  tag: 'zh-TW',
  name: '繁體中文',
  providers: {
    google: '使用 Google 繼續',
    'email-code': '使用電子郵件驗證碼繼續',
    local: '使用電子郵件地址和密碼繼續',
  },
  createAccount: '建立帳戶',
  email: '電子郵件地址',
  next: '下一步',
  code: '驗證碼',
  details: '新增詳細資料',
  displayName: '顯示名稱',
  city: '城市',
  password: '新密碼',
  repeatPassword: '確認新密碼',
  create: '建立',
  created: '您的帳戶已建立',
  blocked: '您無法在此註冊',
  denied: /^此帳號無法用於註冊。如果您認為有誤，請聯絡相關機構並提供參考編號 [0-9A-Z]{4}-[0-9A-Z]{4}。$/,
};

export const LANGUAGES = [ENGLISH, SWEDISH, CHINESE];
