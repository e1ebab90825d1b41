import type { App, ChainNetwork } from "@authchemy/protocol"
import { maskSecret } from "../../output/mask.ts"
import { printable } from "../../output/printable.ts"
import type { Style } from "../../output/style.ts"
import { fields, table } from "../../output/table.ts"
import { day } from "../../output/time.ts"
import { resourceId } from "../../resource-id.ts"

/** An app as it may be shown: its keys, and the addresses that carry them, are masked unless `reveal`. */
export function shownApp(app: App, reveal: boolean): App {
  if (reveal) return app
  const secrets = [app.apiKey, app.webhookApiKey].filter((secret) => secret !== "")
  const masked = (text: string) =>
    secrets.reduce(
      (shown, secret) =>
        shown
          .replaceAll(secret, maskSecret(secret))
          .replaceAll(encodeURIComponent(secret), maskSecret(secret)),
      text,
    )
  const chainNetworks = app.chainNetworks.map(({ wsUrl, ...network }) => ({
    ...network,
    rpcUrl: masked(network.rpcUrl),
    ...(wsUrl === undefined ? {} : { wsUrl: masked(wsUrl) }),
  }))
  return { ...app, apiKey: masked(app.apiKey), webhookApiKey: masked(app.webhookApiKey), chainNetworks }
}

/** One app, every field on a line of its own, then its networks. */
export function appText(app: App, style: Style): string {
  const allowed = (list: App["addressAllowlist"]) =>
    list === undefined || list.length === 0
      ? undefined
      : list.map(({ name, value }) => (name === undefined ? value : `${name} (${value})`)).join(", ")
  return [
    `${style.bold(printable(app.name))}\n`,
    fields(
      [
        ["id", app.id],
        ["description", app.description || undefined],
        ["API key", app.apiKey],
        ["webhook key", app.webhookApiKey],
        ["products", app.products?.length ? app.products.join(", ") : undefined],
        ["addresses", allowed(app.addressAllowlist)],
        ["origins", allowed(app.originAllowlist)],
        ["IP addresses", allowed(app.ipAllowlist)],
        ["created", day(app.createdAt)],
      ],
      style,
    ),
    app.chainNetworks.length === 0 ? "" : `\n${chainsText(app.chainNetworks, style)}`,
  ].join("")
}

/** Chain networks as a table. @param dispensable columns that are given up where there is no room for them */
export function chainsText(
  chains: readonly ChainNetwork[],
  style: Style,
  dispensable: readonly string[] = [],
): string {
  return table(
    ["NETWORK", "NAME", "CHAIN", "RPC"],
    chains.map(({ id, name, networkChainId, rpcUrl }) => [id, name, networkChainId?.toString(), rpcUrl]),
    style,
    { dispensable },
  )
}

/** An app's id as an operand, safe as one segment of a path. @throws CLIError `INVALID_ARGS` */
export function appId(operand: string | undefined): string {
  return resourceId(operand, "an app", "alchemy apps list")
}
