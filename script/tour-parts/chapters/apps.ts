import type { Chapter } from "./chapters.ts"

const SEEDED = 240

/** The apps of the account, from none to hundreds. It ends with one of them selected. */
export const apps: Chapter = async ({ chapter, step, varies }, world) => {
  chapter("Apps", "The admin API. `--dry-run` shows what would be sent, wherever something would be written.")
  await step({ heading: "None yet", says: "And what to type.", line: "alchemy apps list" })
  await step({
    heading: "The networks there are",
    says: "For `--networks`.",
    line: "alchemy apps chains",
    cut: { first: 6, last: 3 },
  })
  const create = 'alchemy apps create --name "My app" --networks ETH_MAINNET,BASE_MAINNET'
  await step({ heading: "What would be sent", says: "Nothing is sent.", line: `${create} --dry-run` })
  await step({ heading: "Create one", says: "Its keys are masked; `--reveal` shows them.", line: create })
  await step({
    heading: "A network that is not there",
    says: "The server's own words, and where to look.",
    line: 'alchemy apps create --name "Other" --networks ETH_MIANNET',
    exit: 8,
  })
  await step({
    heading: "Select it",
    says: "The only one needs no question.",
    line: "alchemy apps select",
    json: `alchemy apps select ${await world.firstApp()}`,
  })
  await step({
    heading: "Show it",
    says: "Without an id the selected one.",
    line: "alchemy apps get",
  })
  await step({
    heading: "In a small terminal",
    says: "A table that has no room becomes blocks.",
    line: "alchemy apps get",
    size: { columns: 40, rows: 40 },
  })
  const first = await world.firstApp()
  await step({
    heading: "What a change would send",
    says: "`update` changes name and description.",
    line: `alchemy apps update ${first} --description "For the tour" --dry-run`,
  })
  await step({
    heading: "Change it",
    says: "The app as it is now.",
    line: `alchemy apps update ${first} --description "For the tour"`,
  })
  await world.seedApps(SEEDED)
  await step({
    heading: "Hundreds of apps",
    says: "A page, and how to go on.",
    line: "alchemy apps list --limit 5",
  })
  const page = (await world.api(await world.token(), "GET", "/v1/apps?limit=5")) as { cursor: string }
  varies(page.cursor)
  await step({
    heading: "The next page",
    says: "From the cursor on.",
    line: `alchemy apps list --limit 3 --cursor ${page.cursor}`,
    json: `alchemy apps list --limit 3 --cursor ${page.cursor}`,
  })
  await step({
    heading: "All of them",
    says: "`--all` asks for every page.",
    line: "alchemy apps list --all",
    cut: { first: 4, last: 2 },
  })
  const slow = await world.slowServer(1500)
  await step({
    heading: "While it takes time",
    says: "After half a second a line says what is waited for; it leaves nothing behind.",
    line: "alchemy apps list --all",
    env: { ALCHEMY_ADMIN_API_BASE_URL: slow },
    cut: { first: 3, last: 1 },
    acts: async (screen, show) => {
      await screen.shows(/Waiting for apps… 100/)
      await show()
    },
  })
  await step({
    heading: "Choose one of hundreds",
    says: "Typing searches in names and ids.",
    line: "alchemy apps select",
    json: `alchemy apps select ${first}`,
    acts: async (screen, show) => {
      await screen.shows(/Which app/)
      await show()
      await screen.type("garden")
      await screen.shows(/garden. \(\d+ matches\)/)
      await show()
      await screen.press("Enter")
    },
  })
  await step({
    heading: "Select by id",
    says: "Nobody is asked.",
    line: `alchemy apps select ${first}`,
  })
}
