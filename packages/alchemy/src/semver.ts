/** A version as Semantic Versioning 2.0.0 has it: three numbers and the identifiers of a prerelease. */
export type SemanticVersion = { readonly numbers: readonly number[]; readonly prerelease: readonly string[] }

const VERSION =
  /^(0|[1-9]\d{0,9})\.(0|[1-9]\d{0,9})\.(0|[1-9]\d{0,9})(?:-([0-9A-Za-z.-]{1,100}))?(?:\+[0-9A-Za-z.-]{1,100})?$/
const IDENTIFIER = /^(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)$/

/** `null` where the text is no version (Semantic Versioning 2.0.0, 2 and 9). What it says of the build is left out. */
export function parseVersion(text: string): SemanticVersion | null {
  const [match, major, minor, patch, tag] = VERSION.exec(text) ?? []
  if (match === undefined) return null
  const prerelease = tag === undefined ? [] : tag.split(".")
  if (!prerelease.every((identifier) => IDENTIFIER.test(identifier))) return null
  return { numbers: [major, minor, patch].map(Number), prerelease }
}

/** Negative where `one` comes before `other`, positive where it comes after, else 0 (Semantic Versioning 2.0.0, 11). */
export function compareVersions(one: SemanticVersion, other: SemanticVersion): number {
  for (const [index, number] of one.numbers.entries()) {
    const difference = number - (other.numbers[index] ?? 0)
    if (difference !== 0) return difference
  }
  // A prerelease comes before what it leads to.
  if (one.prerelease.length === 0 || other.prerelease.length === 0) {
    return Math.sign(other.prerelease.length) - Math.sign(one.prerelease.length)
  }
  for (const [index, identifier] of one.prerelease.entries()) {
    const beside = other.prerelease[index]
    if (beside === undefined) return 1
    const difference = compareIdentifiers(identifier, beside)
    if (difference !== 0) return difference
  }
  return one.prerelease.length - other.prerelease.length
}

function compareIdentifiers(one: string, other: string): number {
  const [oneIsNumber, otherIsNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)]
  if (oneIsNumber !== otherIsNumber) return oneIsNumber ? -1 : 1
  // Without leading zeros the longer number is the larger one.
  if (oneIsNumber && one.length !== other.length) return one.length - other.length
  return one < other ? -1 : one > other ? 1 : 0
}
