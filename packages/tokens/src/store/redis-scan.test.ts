import { expect, test } from "vitest"
import type { RedisNode, Word } from "./redis-client.ts"
import { literal, scanKeys } from "./redis-scan.ts"

type FakeNode = RedisNode & { sent: string[]; runId: string; role: string }

/** A primary that has these pages of keys. */
function createNode(pages: readonly string[][], runId = "aa"): FakeNode {
  const node: FakeNode = {
    sent: [],
    runId,
    role: "master",
    send: async (words: readonly Word[]) => {
      node.sent.push(words.join(" "))
      if (words[0] === "INFO")
        return `run_id:${node.runId}\r\nrole:${node.role}\r\nmaster_replid:${node.runId}ff\r\n`
      const page = Number(words[1])
      return [page + 1 < pages.length ? String(page + 1) : "0", pages[page]]
    },
  }
  return node
}

async function keysFrom(nodes: readonly FakeNode[], onPage: () => void = () => {}): Promise<string[]> {
  const keys: string[] = []
  for await (const page of scanKeys({ primaries: async () => nodes }, "p:*")) {
    keys.push(...page)
    onPage()
  }
  return keys
}

test("a primary is looked through from cursor to cursor, pages without a key included", async () => {
  const node = createNode([["a"], [], ["b", "c"], []])
  expect(await keysFrom([node])).toEqual(["a", "b", "c"])
  expect(node.sent.filter((sent) => sent.startsWith("SCAN"))).toEqual(
    [0, 1, 2, 3].map((cursor) => `SCAN ${cursor} MATCH p:* COUNT 1000`),
  )
})

test("several primaries are looked through twice: a key may be on its way from one to another", async () => {
  const pages: [string[], string[]] = [["moving"], []]
  const [first, second] = [createNode([pages[0]]), createNode([pages[1]], "bb")]
  const keys = await keysFrom([second, first], () => {
    // After the first one has been looked through, the key goes there.
    if (pages[0].length > 0) pages[1].push(...pages[0].splice(0))
  })
  expect(keys).toContain("moving")
})

test.each(["runId", "role"] as const)(
  "where another %s answers in the end, nobody knows what was missed",
  async (field) => {
    const node = createNode([["a"], ["b"]])
    const scanning = keysFrom([node], () => {
      node[field] = "slave"
    })
    await expect(scanning).rejects.toMatchObject({
      code: "store_unavailable",
      cause: expect.objectContaining({ message: expect.stringContaining("while its keys were listed") }),
    })
  },
)

test("a text is taken literally", () => {
  expect(literal("a-z:*?[x]\\{}")).toBe("a-z:\\*\\?\\[x\\]\\\\{}")
})
