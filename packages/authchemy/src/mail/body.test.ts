import { expect, test } from "vitest"
import { type Part, renderHtml, renderText } from "./body.ts"

const FOOT = { name: "Example", url: "https://example.com" }
const PARTS: Part[] = [
  "Read this.",
  { button: "Go <there>", url: "https://example.com/?a=1&b=2" },
  {
    facts: [
      ["When", "now"],
      ["From", "<b>here</b>"],
    ],
  },
  { url: "https://example.com/other" },
]

test("the text has a paragraph a part, and addresses in place of buttons", () => {
  expect(renderText(PARTS, FOOT)).toBe(
    "Read this.\n\nhttps://example.com/?a=1&b=2\n\nWhen: now\nFrom: <b>here</b>\n\nhttps://example.com/other\n\nExample\nhttps://example.com\n",
  )
})

test("S14 whatever is not markup of ours is escaped", () => {
  const html = renderHtml(PARTS, { ...FOOT, name: '"><script>' }, "</title><script>")
  expect(html).not.toContain("<script>")
  expect(html).not.toContain("<b>")
  expect(html).toContain("Go &lt;there&gt;</a>")
  expect(html).toContain('href="https://example.com/?a=1&amp;b=2"')
  expect(html).toContain("<title>&lt;/title&gt;&lt;script&gt;</title>")
})
