import { expect, test } from "vitest"
import { type ContractSetting, seconds } from "./setting.ts"

/** Texts that are kept for a while under a name, on every store. */
export function keptContract(setting: ContractSetting): void {
  const { tokens, elsewhere, clock, atOnce } = setting
  let names = 0
  const newName = () => `kept-${process.pid}-${++names}`

  test("a text is kept under its name, any number of times recalled, and once taken", async () => {
    const [name, other] = [newName(), newName()]
    const text = 'any {"text"} \u0000 ☃'
    expect(await tokens.recall(name)).toBeNull()
    expect(await tokens.take(name)).toBeNull()
    expect(await tokens.keep(name, text, clock.now + seconds(60))).toBe(true)
    expect(await tokens.keep(name, "another", clock.now + seconds(90))).toBe(false)
    expect(await tokens.keep(other, "", clock.now + seconds(60))).toBe(true)
    expect([await elsewhere.recall(name), await elsewhere.recall(name)]).toEqual([text, text])
    expect(await elsewhere.take(name)).toBe(text)
    expect([await tokens.recall(name), await tokens.take(name)]).toEqual([null, null])
    expect(await tokens.recall(other)).toBe("")
    expect(await tokens.keep(name, "again", clock.now + seconds(60))).toBe(true)
    expect(await elsewhere.recall(name)).toBe("again")
  })

  test("a text is kept until its time, and its name is free then", async () => {
    // More than one write clears away on its way.
    const kept = Array.from({ length: 30 }, newName)
    for (const name of kept) await tokens.keep(name, "text", clock.now + seconds(60))
    const [recalled = "", taken = "", keptAgain = ""] = kept.slice(-3)
    clock.now += seconds(60) - 1
    expect(await tokens.recall(recalled)).toBe("text")
    expect(await tokens.keep(keptAgain, "new", clock.now + seconds(60))).toBe(false)
    clock.now += 1
    expect(await tokens.recall(recalled)).toBeNull()
    expect(await tokens.take(taken)).toBeNull()
    expect(await elsewhere.keep(keptAgain, "new", clock.now + seconds(60))).toBe(true)
    expect(await tokens.keep(keptAgain, "newer", clock.now + seconds(60))).toBe(false)
    expect(await tokens.recall(keptAgain)).toBe("new")
  })

  test("of 100 calls at once, one keeps and one takes, 20 times over", async () => {
    for (let round = 0; round < 20; round++) {
      const name = newName()
      let texts = 0
      const keeps = await atOnce(100, (service) => service.keep(name, `${++texts}`, clock.now + seconds(60)))
      expect(keeps.filter((outcome) => outcome.status === "fulfilled" && outcome.value)).toHaveLength(1)
      const text = await tokens.recall(name)
      expect(text).toMatch(/^\d+$/)
      const takes = await atOnce(100, (service) => service.take(name))
      const taken = takes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : "failed"))
      expect(taken.filter((value) => value !== null)).toEqual([text])
    }
  })
}
