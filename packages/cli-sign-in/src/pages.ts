import { createHash } from "node:crypto"

/** A page that the listener answers with: static, so that nothing of a request can get into it. */
export type Page = { status: number; html: string }

const STYLE = `
:root { color-scheme: light dark; --text: #16201f; --quiet: #52605f; --ground: #f4f6f6; --sheet: #fff; --line: #dbe2e1; --good: #0f766e; --bad: #b42318 }
@media (prefers-color-scheme: dark) {
  :root { --text: #e8efee; --quiet: #a3b2b0; --ground: #0d1413; --sheet: #151e1d; --line: #2a3635; --good: #5fb3a9; --bad: #ff9b92 }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem 1rem; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif }
main { width: 100%; max-width: 27rem; padding: 2.25rem; background: var(--sheet); border: 1px solid var(--line); border-radius: 1rem }
.mark { display: grid; place-content: center; width: 2.75rem; height: 2.75rem; margin: 0 0 1rem; border: 2px solid; border-radius: 50%; font-size: 1.25rem }
h1 { margin: 0 0 0.5rem; font-size: 1.5rem; line-height: 1.25; letter-spacing: -0.02em; text-wrap: balance }
p { margin: 0; color: var(--quiet); text-wrap: pretty }
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
<p class="mark ${kind}" aria-hidden="true">${kind === "good" ? "&#10003;" : "&#10005;"}</p>
<h1>${heading}</h1>
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
