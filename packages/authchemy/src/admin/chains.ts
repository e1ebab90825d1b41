import type { ChainNetwork } from "@authchemy/protocol"

/** Id, name, EIP-155 chain id where the network has one, host name. */
const NETWORKS: readonly (readonly [string, string, number | null, string])[] = [
  ["ETH_MAINNET", "Ethereum Mainnet", 1, "eth-mainnet"],
  ["ETH_SEPOLIA", "Ethereum Sepolia", 11155111, "eth-sepolia"],
  ["BASE_MAINNET", "Base Mainnet", 8453, "base-mainnet"],
  ["BASE_SEPOLIA", "Base Sepolia", 84532, "base-sepolia"],
  ["ARB_MAINNET", "Arbitrum One", 42161, "arb-mainnet"],
  ["ARB_SEPOLIA", "Arbitrum Sepolia", 421614, "arb-sepolia"],
  ["OPT_MAINNET", "OP Mainnet", 10, "opt-mainnet"],
  ["OPT_SEPOLIA", "OP Sepolia", 11155420, "opt-sepolia"],
  ["MATIC_MAINNET", "Polygon PoS", 137, "polygon-mainnet"],
  ["MATIC_AMOY", "Polygon Amoy", 80002, "polygon-amoy"],
  ["ZKSYNC_MAINNET", "ZKsync Era", 324, "zksync-mainnet"],
  ["SCROLL_MAINNET", "Scroll", 534352, "scroll-mainnet"],
  ["LINEA_MAINNET", "Linea", 59144, "linea-mainnet"],
  ["AVAX_MAINNET", "Avalanche C-Chain", 43114, "avax-mainnet"],
  ["BNB_MAINNET", "BNB Smart Chain", 56, "bnb-mainnet"],
  ["GNOSIS_MAINNET", "Gnosis", 100, "gnosis-mainnet"],
  ["CELO_MAINNET", "Celo", 42220, "celo-mainnet"],
  ["BLAST_MAINNET", "Blast", 81457, "blast-mainnet"],
  ["WORLDCHAIN_MAINNET", "World Chain", 480, "worldchain-mainnet"],
  ["SOLANA_MAINNET", "Solana Mainnet", null, "solana-mainnet"],
  ["SOLANA_DEVNET", "Solana Devnet", null, "solana-devnet"],
]

/** The known chain networks, by id. */
export const CHAINS: ReadonlyMap<string, ChainNetwork> = new Map(
  NETWORKS.map(([id, name, chainId, host]) => [
    id,
    {
      id,
      name,
      ...(chainId === null ? {} : { networkChainId: chainId }),
      rpcUrl: `https://${host}.g.alchemy.com/v2`,
      wsUrl: `wss://${host}.g.alchemy.com/v2`,
    },
  ]),
)

/** A network as an app reaches it: the app's key ends the URLs. A network that is no longer known keeps its id and has no address. */
export function chainForApp(id: string, apiKey: string): ChainNetwork {
  const chain = CHAINS.get(id)
  if (chain === undefined) return { id, name: id, rpcUrl: "" }
  return { ...chain, rpcUrl: `${chain.rpcUrl}/${apiKey}`, wsUrl: `${chain.wsUrl}/${apiKey}` }
}
