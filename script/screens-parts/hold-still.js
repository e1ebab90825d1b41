// Runs in a page: puts fixed texts in the place of what is another at every run, so that pictures change only where pages do. Expects `held`.
/** @type {{ words: string, letters: string, secret: string, qr: string, texts: [string, string][] }} */
const { words, letters, secret, qr, texts } = globalThis.held

/** @param {string} selector @param {(element: Element) => void} change */
const each = (selector, change) => document.querySelectorAll(selector).forEach(change)

each("time", (time) => {
  const text = time.textContent ?? ""
  if (text.includes("UTC")) time.textContent = "23 Nov 2026, 22:05 UTC"
  else if (/ago|just now/.test(text)) time.textContent = "2 minutes ago"
  else time.textContent = "23 Nov 2026"
})
each("p.words", (phrase) => {
  phrase.textContent = words
})
each("p.letters", (code) => {
  code.textContent = letters
})
each(".secret code:not(:has(span))", (code) => {
  if (!code.textContent?.startsWith("alchemy ")) code.textContent = secret
})
each("#totp-secret span", (group, index) => {
  group.textContent = ["JBSW", "Y3DP", "EHPK", "3PXP"][index % 4] ?? ""
})
each(".codes li", (code, index) => {
  code.textContent = `k7Qmx-${String(index).repeat(5)}`
})
each(".qr", (picture) => {
  picture.innerHTML = qr
})
each(".code code + code, .code code:last-child:not(:first-child)", (reference) => {
  reference.textContent = "0123456789abcdef-7"
})

const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
  let text = node.nodeValue ?? ""
  for (const [pattern, fixed] of texts) text = text.replace(new RegExp(pattern, "g"), fixed)
  if (text !== node.nodeValue) node.nodeValue = text
}
