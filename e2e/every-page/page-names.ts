/** Every page and state that the walk stops at, in its order, with what it is in one sentence. The names are file names. */
export const PAGES = {
  "sign-in": "Sign in, on a server with nothing but its defaults.",
  "sign-in-branded":
    "The same on a server with a name, a logo and an accent of its own, where one mail domain can sign up.",
  "sign-in-with-providers":
    "Sign in on the way from a command-line program, with providers to continue with.",
  "sign-in-refused": "A wrong password: said in a summary that has the focus; the email stays.",
  "too-many-attempts": "Too many wrong passwords, and when to try again.",
  "provider-leaving": "On the way to a provider; goes on by itself.",
  "provider-unavailable": "A provider that does not answer.",
  "create-account": "Create an account.",
  "create-account-refused": "A password that is too short.",
  "check-mail": "A link to verify the email is on its way.",
  "verify-email": "Behind that link.",
  "verify-email-refused": "A password that is not the account's.",
  "verify-email-done": "The email is verified, and the browser signed in.",
  "verify-email-link-expired": "The same link once more.",
  "forgot-password": "Ask for a link to set a new password.",
  "forgot-password-sent": "The link is on its way, if there is such an account.",
  "reset-password": "Behind that link.",
  "reset-password-refused": "A new password that is too short.",
  "reset-password-done": "The new password is set.",
  "reset-password-link-expired": "The same link once more.",
  "mail-unavailable": "A link that cannot be sent, because the mail server does not answer.",
  "not-found": "An address where nothing is.",
  "login-refused": "The address of a program that would lead elsewhere.",
  approve: "Approve what `alchemy auth login` asks.",
  "approve-done": "The page that the command itself answers with when it is signed in.",
  "approve-denied": "The page that the command itself answers with when it was denied.",
  "approve-without-phrase": "Approve a program that uses an older way to sign in.",
  "approve-web-client": "Approve a registered client that is a web site.",
  "approve-expired": "An approval that was opened in another browser, or too long ago.",
  device: "Type the code that a terminal shows.",
  "device-refused": "A code that no terminal shows.",
  "device-confirm": "Compare the code of a link with the terminal.",
  "device-approve": "Approve a device that is where the browser is.",
  "device-done": "The device is approved.",
  "device-approve-elsewhere": "Approve a device that is in another kind of network, with a warning.",

  "device-denied": "The device is denied.",
  home: "Where somebody arrives who comes from no program.",
  "home-new": "The same with a new account.",
  sessions: "What is signed in: programs, an approval that is pending, browsers.",
  "sessions-ended": "A session has just been ended.",
  "sessions-empty": "No program is signed in.",
  "access-keys": "Access keys.",
  "access-keys-empty": "No access key yet.",
  "access-keys-refused": "A key without a name.",
  "access-key-created": "A new key, shown once.",
  "access-key-delete": "Delete a key?",
  apps: "Apps.",
  "apps-empty": "No app yet.",
  "apps-refused": "An app without a network.",
  app: "One app: keys, texts, networks, allow-lists.",
  "app-refused": "An allow-list with something in it that is no address.",
  "app-delete": "Delete an app?",
  security: "How somebody signs in.",
  "security-second-factor": "A second factor being set up.",
  "security-recovery-codes": "Recovery codes, shown once.",
  "security-passkey": "A second factor that is on, and a passkey that was just added.",
  "security-confirm": "A change that is asked about once more.",
  "security-refused": "A wrong password where a change asks for it.",
  "second-factor": "Sign in: the code from the authenticator app.",
  "second-factor-refused": "A code that is wrong.",
  "second-factor-recovery": "A recovery code in its place.",
  activity: "What happened in the account.",
} as const

export type PageName = keyof typeof PAGES

/** Pages that refuse a form: each has a summary that takes the focus. */
export const REFUSED: ReadonlySet<PageName> = new Set([
  ...(["sign-in-refused", "too-many-attempts", "create-account-refused", "reset-password-refused"] as const),
  "verify-email-refused",
  ...(["device-refused", "access-keys-refused", "apps-refused", "app-refused"] as const),
  ...(["security-refused", "second-factor-refused"] as const),
])

/** Pages that stand in their whole length under another name. */
export const SEEN_ELSEWHERE: ReadonlySet<PageName> = new Set([
  ...(["home-new", "sessions-ended", "access-keys-refused", "apps-empty", "apps-refused"] as const),
  ...(["app-refused", "security", "security-passkey", "security-refused", "device-approve"] as const),
])
