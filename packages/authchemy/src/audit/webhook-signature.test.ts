import { readFile } from "node:fs/promises"
import { expect, test } from "vitest"
import { parseWebhookSecret } from "./settings.ts"
import { signatureHeaders } from "./webhook-signature.ts"

test("the signature is that of Standard Webhooks' own example", () => {
  const headers = signatureHeaders({
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    at: 1_614_265_330_999,
    body: '{"test": 2432232314}',
    secret: parseWebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
  })
  expect(headers).toEqual({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  })
})

test("the check in docs/audit.md takes what is signed, and nothing else", async () => {
  const page = await readFile(new URL("../../../../docs/audit.md", import.meta.url), "utf8")
  const [, code = ""] = /```js\n([\s\S]*?)```/.exec(page) ?? []
  const source = `${code}\nexport { isFromAuthchemy }`
  const { isFromAuthchemy } = await import(
    /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(source)}`
  )
  const text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
  const sign = (at: number) =>
    signatureHeaders({ id: "evt_1", at, body: "{}", secret: parseWebhookSecret(text) })
  const now = Date.now()
  expect(isFromAuthchemy(sign(now), "{}", text)).toBe(true)
  expect(isFromAuthchemy(sign(now), "{ }", text)).toBe(false)
  expect(isFromAuthchemy(sign(now), "{}", `whsec_${"A".repeat(32)}`)).toBe(false)
  expect(isFromAuthchemy(sign(now - 301_000), "{}", text)).toBe(false)
  expect(isFromAuthchemy({ ...sign(now), "webhook-timestamp": "x" }, "{}", text)).toBe(false)
  expect(isFromAuthchemy({ ...sign(now), "webhook-signature": "v1 v1,AAAA" }, "{}", text)).toBe(false)
})
