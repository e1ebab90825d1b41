import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, test } from "vitest"
import { createLogger, withoutSecrets } from "./logging.ts"

test("S53 tokens, codes, keys and passwords in URLs are blacked out", () => {
  expect(withoutSecrets("a alchemy_at_abc123 b alchemy_ak_x9, redis://user:pass@host:1/0")).toBe(
    "a alchemy_at_… b alchemy_ak_…, redis://…@host:1/0",
  )
  expect(withoutSecrets("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw+/= is set")).toBe("whsec_… is set")
})

test("an error is logged with class, message, code, stack and causes, and no other property", () => {
  const lines: string[] = []
  const logger = createLogger({ write: (line) => lines.push(line) })
  const cause = Object.assign(new Error("SET alchemy_at_abc"), {
    code: "ECONNRESET",
    args: ["alchemy_at_abc"],
  })
  logger.error({ err: new Error("failed", { cause }) }, "x")
  logger.error({ err: "text" }, "y")
  expect(JSON.parse(lines[0] ?? "")).toEqual({
    level: "error",
    time: expect.any(String),
    msg: "x",
    err: {
      type: "Error",
      message: "failed",
      stack: expect.stringContaining("logging.test.ts"),
      cause: { type: "Error", message: "SET alchemy_at_…", code: "ECONNRESET", stack: expect.any(String) },
    },
  })
  expect(lines.join("")).not.toContain("alchemy_at_abc")
})

test.each([
  ["ends by itself", ""],
  ["exits", "process.exit(0)"],
  ["exits later", "setTimeout(() => process.exit(0), 30)"],
])("every line is written, in order, when a process %s", async (_, end) => {
  const module = JSON.stringify(join(import.meta.dirname, "logging.ts"))
  const script = `
    import { createLogger } from ${module}
    const logger = createLogger()
    for (let count = 0; count < 2000; count++) logger.info({ count }, "x")
    ${end}`
  const args = ["--conditions=authchemy-source", "--input-type=module", "--eval", script]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  const counts = stdout
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { count: number }).count)
  expect(counts).toEqual(Array.from({ length: 2000 }, (_, count) => count))
})
