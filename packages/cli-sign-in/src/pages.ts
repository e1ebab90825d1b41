import { createHash } from "node:crypto"

/** A page that the listener answers with: static, so that nothing of a request can get into it. */
export type Page = { status: number; html: string }

const STYLE = `
:root { color-scheme: light dark; --text: #1b1f24; --quiet: #57606a; --ground: #f6f8fa; --sheet: #fff; --line: #d0d7de; --good: #1a7f37; --bad: #b3261e }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --quiet: #9da7b3; --ground: #0d1117; --sheet: #161b22; --line: #30363d; --good: #4ac26b; --bad: #ff8178 }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif }
main { width: 100%; max-width: 28rem; padding: 2rem; background: var(--sheet); border: 1px solid var(--line); border-radius: 0.75rem }
h1 { margin: 0 0 0.5rem; font-size: 1.375rem; line-height: 1.3 }
p { margin: 0; color: var(--quiet) }
.good { color: var(--good) }
.bad { color: var(--bad) }
`

const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64")

/** The headers of every page: no script, no frame, nothing loaded, nothing kept, no referrer. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
}

function page(status: number, kind: "good" | "bad", heading: string, text: string): Page {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${heading}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1 class="${kind}">${heading}</h1>
<p>${text}</p>
</main>
</body>
</html>
`
  return { status, html }
}

/** Shown when the token is stored. */
export const SIGNED_IN_PAGE = page(
  200,
  "good",
  "You are signed in",
  "You can close this window and return to your terminal.",
)

/** Shown when the person, or the server, said no. */
export const DENIED_PAGE = page(
  200,
  "bad",
  "Sign-in was denied",
  "Nothing was signed in. You can close this window and return to your terminal.",
)

/** Shown when no token came of the code. */
export const EXCHANGE_FAILED_PAGE = page(
  502,
  "bad",
  "Sign-in failed",
  "You approved, but your terminal could not complete the sign-in with the server. Your terminal says why. You can close this window.",
)

/** Shown when a token came and could not be kept. */
export const NOT_SAVED_PAGE = page(
  500,
  "bad",
  "Sign-in could not be saved",
  "You approved, but your machine could not store the credential. Your terminal says why. You can close this window.",
)

/** Shown when the command was interrupted after the answer had arrived. */
export const CANCELLED_PAGE = page(
  503,
  "bad",
  "Sign-in was cancelled",
  "The command in your terminal was stopped before sign-in was complete. You can close this window.",
)

/** Shown when the other of two ways to sign in was quicker; the session of this one has been ended. */
export const SUPERSEDED_PAGE = page(
  409,
  "bad",
  "Sign-in is over already",
  "The command in your terminal was answered in another way before. Your terminal says how it ended. You can close this window.",
)
