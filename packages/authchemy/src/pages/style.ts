import { createHash } from "node:crypto"

/** The one style sheet of all pages. System fonts, one accent, both colour schemes, from 320 px up. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f4f6f6; --card: #ffffff; --line: #d9e0e0; --control: #7c8a8a;
  --text: #16201f; --quiet: #52605f; --accent: #0f766e; --accent-strong: #0b5e58; --on-accent: #ffffff;
  --wash: #eef7f5; --wrong: #b42318; --wrong-wash: #fef3f2; --warn: #7a4a06; --warn-wash: #fff8eb; --warn-line: #f0d9a8;
  --shadow: 0 1px 2px rgb(16 32 31 / 6%), 0 12px 32px -12px rgb(16 32 31 / 16%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0d1413; --card: #151e1d; --line: #2a3635; --control: #748684;
    --text: #e8efee; --quiet: #a3b2b0; --accent: #4fd1c0; --accent-strong: #7fe0d3; --on-accent: #04211e;
    --wash: #12302c; --wrong: #ff9b92; --wrong-wash: #34191a; --warn: #f5cf86; --warn-wash: #2e2412; --warn-line: #5c4718;
    --shadow: 0 0 0 1px rgb(255 255 255 / 3%), 0 16px 40px -16px rgb(0 0 0 / 70%);
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; padding: 24px 16px 48px; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  display: flex; flex-direction: column; align-items: center; gap: 20px;
}
@media (min-width: 600px) and (min-height: 700px) { body { padding-top: 9vh; } }
.brand { display: flex; align-items: center; gap: 10px; font-weight: 650; font-size: 1.0625rem; letter-spacing: -.01em; }
.brand img { display: block; }
.card {
  width: 100%; max-width: 27rem; background: var(--card); border: 1px solid var(--line); border-radius: 16px;
  box-shadow: var(--shadow); padding: 28px 24px;
}
@media (min-width: 480px) { .card { padding: 36px; } }
h1 { margin: 0 0 8px; font-size: 1.5rem; line-height: 1.25; font-weight: 680; letter-spacing: -.02em; text-wrap: balance; }
h2 { margin: 0; font-size: .9375rem; font-weight: 600; }
p { margin: 0; overflow-wrap: anywhere; }
.lead { color: var(--quiet); margin-bottom: 24px; text-wrap: pretty; }
.hint { text-wrap: pretty; }
.field { margin-bottom: 18px; }
label { display: block; font-weight: 600; font-size: .9375rem; margin-bottom: 6px; }
input {
  display: block; width: 100%; min-height: 46px; padding: 10px 12px; font: inherit; color: inherit;
  background: var(--card); border: 1px solid var(--control); border-radius: 10px;
}
input[aria-invalid="true"] { border-color: var(--wrong); box-shadow: inset 0 0 0 1px var(--wrong); }
.hint { color: var(--quiet); font-size: .875rem; margin-top: 6px; }
.wrong { color: var(--wrong); font-size: .875rem; font-weight: 550; margin-top: 6px; }
.alert, .warning { border-radius: 10px; padding: 12px 14px; font-size: .9375rem; margin-bottom: 20px; border: 1px solid; }
.alert { color: var(--wrong); background: var(--wrong-wash); }
.alert a { color: inherit; }
.warning { color: var(--warn); background: var(--warn-wash); border-color: var(--warn-line); }
button {
  display: block; width: 100%; min-height: 48px; padding: 10px 16px; font: inherit; font-weight: 620; cursor: pointer;
  border-radius: 10px; border: 1px solid var(--accent); background: var(--accent); color: var(--on-accent);
}
button:hover { background: var(--accent-strong); border-color: var(--accent-strong); }
button.second { background: transparent; color: var(--text); border-color: var(--control); }
button.second:hover { background: var(--wash); border-color: var(--text); }
a { color: var(--accent); text-underline-offset: 3px; }
a:hover { color: var(--accent-strong); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
input:focus-visible { outline-offset: 0; }
.foot { margin-top: 22px; color: var(--quiet); font-size: .9375rem; text-align: center; }
.compare { background: var(--wash); border-radius: 12px; padding: 16px; margin: 0 0 24px; text-align: center; }
.compare section + section { margin-top: 14px; padding-top: 14px; border-top: 1px solid rgb(128 144 142 / 35%); }
.compare h2 { color: var(--quiet); font-weight: 550; font-size: .875rem; }
.compare .hint { margin: 0; }
.words, .letters { font: 650 1.3125rem/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: normal; }
.words { margin: 6px 0; letter-spacing: -.01em; text-wrap: balance; }
.letters { font-size: 1.75rem; letter-spacing: .14em; }
p.letters { margin: 4px 0; padding-left: .14em; overflow-wrap: anywhere; }
input.letters { text-align: center; text-transform: uppercase; }
.facts { margin: 0 0 24px; border-top: 1px solid var(--line); }
.facts div { display: grid; grid-template-columns: 5rem 1fr; gap: 12px; padding: 9px 0; border-bottom: 1px solid var(--line); }
.facts dt { color: var(--quiet); font-size: .9375rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
.facts .unstated { color: var(--quiet); font-style: italic; }
.facts .claim { display: block; color: var(--quiet); font-size: .875rem; }
.scopes { margin: 0 0 24px; }
.scopes ul { margin: 8px 0 0; padding-left: 1.25rem; }
.scopes li { padding: 2px 0; }
.scopes li::marker { color: var(--accent); }
.destination { margin-bottom: 24px; }
.destination bdi { font-weight: 600; }
.sessions { list-style: none; margin: 0 0 24px; padding: 0; display: grid; gap: 16px; }
.sessions li { border: 1px solid var(--line); border-radius: 12px; padding: 16px; min-width: 0; }
.sessions h2 { margin-bottom: 10px; font-size: 1.0625rem; overflow-wrap: anywhere; }
.sessions .facts { margin-bottom: 16px; }
h2 + .warning { margin: 10px 0 0; }
.choice { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; margin-top: 16px; }
.who { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: center; gap: 2px 8px; }
.who p { width: 100%; font-size: .875rem; }
button.link {
  display: inline; width: auto; min-height: 24px; padding: 0; border: 0; border-radius: 4px; background: none;
  color: var(--accent); font-weight: 500; text-decoration: underline; text-underline-offset: 3px;
}
button.link:hover { background: none; color: var(--accent-strong); }
.code { color: var(--quiet); font-size: .8125rem; margin-top: 20px; }
code { font: .9375em ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
.code code { overflow-wrap: anywhere; }
@media (prefers-reduced-motion: no-preference) {
  button, input { transition: background-color .12s, border-color .12s; }
}
@media (forced-colors: active) { .card, .compare, .alert, .warning { border: 1px solid; } }
`.trim()

/** Where the style sheet is served. The name changes with the content, so it can be cached for good. */
export const STYLE_PATH = `/assets/style-${createHash("sha256").update(STYLE).digest("hex").slice(0, 12)}.css`
