import { createHash } from "node:crypto"

/** 256 short, plain words that are told apart at a glance, so that each stands for one byte. */
const WORDS = `
  acorn album amber anchor apple apron arrow aspen atlas attic autumn badge bagel bamboo banjo barley basil
  basket beacon beaver berry bicycle birch biscuit blanket blossom bonnet bottle boulder bramble breeze
  bridge bronze brook bucket buffalo butter button cabin cactus camel canal candle canoe canyon carrot
  castle cedar celery chalk cherry chess chimney cider cinema circle citrus clover cobalt coconut comet
  compass copper coral cotton cradle crane crater crayon cricket crystal cushion cypress dahlia daisy denim
  desert diamond dolphin domino donkey dragon drum eagle easel echo eclipse elbow elephant ember emerald
  engine falcon feather fennel fern fiddle finch flute forest fossil fountain fox galaxy garden garlic gecko
  ginger giraffe glacier globe goblet granite grape gravel guitar hammer hammock harbor harvest hazel hedge
  helmet heron honey horizon iceberg igloo indigo iris island ivory jacket jaguar jasmine jelly jigsaw
  jungle juniper kayak kettle kitten kiwi koala ladder lagoon lantern lark laurel lava lemon lentil leopard
  lilac lily lobster locket lotus magnet mango maple marble meadow melon mint mirror mitten mosaic mountain
  muffin mushroom mustard napkin nectar needle nickel noodle nutmeg oasis oat ocean olive onion opal orange
  orbit orchard otter oyster paddle palace panda papaya parrot peach pearl pebble pelican pepper piano
  pickle pigeon pillow pine planet plum pocket poppy prairie prism puffin pumpkin puzzle pyramid quartz
  quilt rabbit radish raft rainbow raven ribbon river robin rocket ruby saddle saffron sailor salmon sandal
  satin saturn scarf shell silver sparrow spruce summit swan teapot thimble tiger tomato topaz tulip turtle
  umbrella valley vanilla velvet violin walnut willow window zebra
`
  .trim()
  .split(/\s+/)

/**
 * The few words that the terminal and the approval page both show, so that a person can see that they belong together.
 * Derived from the code challenge, so nothing more travels. Four words, 32 bits: enough for a person's comparison, not a
 * secret and no proof by itself.
 *
 * @param codeChallenge the S256 code challenge of the sign-in, 43 characters (RFC 7636 §4.2)
 * @returns four words joined by hyphens, for example `amber-river-quilt-otter`
 */
export function approvalPhraseOf(codeChallenge: string): string {
  const digest = createHash("sha256").update(`authchemy approval phrase\n${codeChallenge}`).digest()
  return Array.from(digest.subarray(0, 4), (byte) => WORDS[byte]).join("-")
}
