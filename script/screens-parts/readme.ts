/**
 * The page that shows the pictures.
 * @param pages each page's name, with what it is in a sentence
 * @param widths in pixels
 */
export function readmeOf(pages: Readonly<Record<string, string>>, widths: readonly number[]): string {
  const links = (name: string, scheme: string) =>
    widths.map((width) => `[${width}](${name}-${width}-${scheme}.png)`).join(" · ")
  const rows = Object.entries(pages).map(
    ([name, sentence]) =>
      `| <a id="${name}"></a>\`${name}\`<br>${sentence} | <a href="${name}-320-light.png"><img src="${name}-320-light.png" width="160" alt="${name}, light"></a> | <a href="${name}-320-dark.png"><img src="${name}-320-dark.png" width="160" alt="${name}, dark"></a> | ${links(name, "light")} | ${links(name, "dark")} |`,
  )
  return `# Every page

Taken by \`script/screens\` in a real Chromium from a real server, at ${widths.slice(0, -1).join(", ")} and ${widths.at(-1)} pixels, light and dark; each page in its
whole length, and where another picture shows that, as far as the window goes. What is another at every run has a fixed text in its place, so that pictures change only where pages do: moments, phrases, codes, keys, ids,
ports, the machine's name. The font is the system's own, here whatever the machine has that took them.

| page | light | dark | light, px wide | dark, px wide |
|---|---|---|---|---|
${rows.join("\n")}
`
}
