import type { Chapter } from "./chapters.ts"

/** Networks and allow-lists of the selected app, and the end of it. */
export const appLists: Chapter = async ({ chapter, step }, world) => {
  chapter("Networks and allow-lists", "Of the app that is named, or of the selected one.")
  await step({ heading: "Its networks", says: "As they are.", line: "alchemy apps networks" })
  await step({
    heading: "What would be sent",
    says: "The whole list, as the server takes it.",
    line: "alchemy apps networks --add SOLANA_MAINNET --dry-run",
  })
  await step({
    heading: "One more",
    says: "What has changed, and all there are.",
    line: "alchemy apps networks --add SOLANA_MAINNET --remove BASE_MAINNET",
  })
  await step({
    heading: "Not the last one",
    says: "Refused before anything is sent.",
    line: "alchemy apps networks --remove SOLANA_MAINNET,ETH_MAINNET",
    exit: 2,
  })
  await step({
    heading: "Who may use it",
    says: "Everybody, to begin with.",
    line: "alchemy apps origin-allowlist",
  })
  await step({
    heading: "These origins",
    says: "Each is a value, or name=value.",
    line: "alchemy apps origin-allowlist --add https://example.com,shop=https://shop.example.com",
  })
  await step({
    heading: "In a small terminal",
    says: "The same list.",
    line: "alchemy apps origin-allowlist",
    size: { columns: 40, rows: 24 },
  })
  await step({
    heading: "What is no origin",
    says: "The server looks at each value.",
    line: "alchemy apps origin-allowlist --add https://example.com/shop",
    exit: 8,
  })
  await step({
    heading: "Addresses of contracts",
    says: "`--set` replaces the whole list.",
    line: "alchemy apps address-allowlist --set vault=0x52908400098527886E0F7030069857D2E4169EE7",
  })
  await step({
    heading: "IP addresses",
    says: "Addresses and ranges.",
    line: "alchemy apps ip-allowlist --set office=192.0.2.0/24,192.0.2.7 --dry-run",
  })
  await step({
    heading: "IP addresses, for good",
    says: "Sent this time.",
    line: "alchemy apps ip-allowlist --set 192.0.2.7",
  })
  await step({
    heading: "Not by accident",
    says: "An empty list lets everybody in, so the last entry is not just removed.",
    line: "alchemy apps ip-allowlist --remove 192.0.2.7",
    exit: 2,
  })
  await step({
    heading: "Everybody again",
    says: "Said outright.",
    line: "alchemy apps ip-allowlist --clear",
  })
  const app = await world.appNamed("Shop 12")
  await step({
    heading: "What deleting would send",
    says: "Nothing is sent.",
    line: `alchemy apps delete ${app} --dry-run`,
  })
  await step({
    heading: "Delete",
    says: "It asks; Enter alone says no.",
    line: `alchemy apps delete ${app}`,
    jsonExit: 2,
    acts: async (screen, show) => {
      await screen.shows(/Delete the app/)
      await show()
      await screen.press("Enter")
    },
  })
  await step({
    heading: "Delete without a question",
    says: "For scripts.",
    line: `alchemy apps delete ${app} --yes`,
  })
  await step({
    heading: "An app that is not there",
    says: "And where to look.",
    line: `alchemy apps get ${app}`,
    exit: 4,
  })
}
