/** Rendezvous hashing: a key always goes to the same instance, and when one leaves, only its keys move. */

interface Place {
  readonly id: string;
  /** As configured: a share that changed with health would move keys. */
  readonly weight: number;
}

/** The instance with the highest score for this key; there is at least one. */
export function rendezvous<P extends Place>(key: string, places: readonly P[]): P {
  let best = places[0] as P;
  let bestScore = -Infinity;
  for (const place of places) {
    const score = -place.weight / Math.log(fraction(hash(`${key}\0${place.id}`)));
    if (score <= bestScore) continue;
    best = place;
    bestScore = score;
  }
  return best;
}

/** Strictly between 0 and 1. */
function fraction(hashed: number): number {
  return (hashed + 0.5) / 2 ** 32;
}

/** FNV-1a over UTF-16 units with the finisher of MurmurHash3, which spreads what differs only at the end. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
