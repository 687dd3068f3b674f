// @ts-check
// NumPy's random numbers, bit for bit, so that a seed means on the page what it means in the notebook.
//
//   rng = defaultRng(seed)        numpy.random.default_rng(seed), for an integer seed from 0 to 2^53 - 1
//   rng.random()                  the next number of [0, 1)
//   rng.uniform(low, high)        the next number of [low, high)
//   rng.permutation(n)            0 ... n-1 in random order, a Uint32Array; n < 2^32
//   rng.xavier(nIn, nOut)         one layer's first weights as mlp.xavier draws them, row by row, a Float64Array
//
// Every call draws on: the same calls in the same order give what the Generator gives.

/** @typedef {{random(): number, uniform(low: number, high: number): number, permutation(n: number): Uint32Array,
 *             xavier(nIn: number, nOut: number): Float64Array}} Rng */

// PCG64's multiplier, 0x2360ed051fc65da44385df649fccf645, as 128-bit numbers are kept here: 16 bits an entry, the lowest first.
const PCG_MULTIPLIER = [0xf645, 0x9fcc, 0xdf64, 0x4385, 0x5da4, 0x1fc6, 0xed05, 0x2360];

/** NumPy's SeedSequence: the seed, stirred, as eight words of 32 bits. @param {number} seed */
function seedWords(seed) {
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`seed must be an integer from 0 to 2^53 - 1, but ${seed} came`);
  const stirrer = (constant, multiplier) => (word) => {
    word ^= constant;
    constant = Math.imul(constant, multiplier);
    word = Math.imul(word, constant);
    return word ^ (word >>> 16);
  };
  const stir = stirrer(0x43b0d7e5, 0x931e8875);
  const pool = [seed % 2 ** 32, Math.floor(seed / 2 ** 32), 0, 0].map(stir);
  for (let from = 0; from < 4; from++)
    for (let to = 0; to < 4; to++)
      if (from !== to) {
        const mixed = Math.imul(0xca01f9dd, pool[to]) - Math.imul(0x4973f715, stir(pool[from]));
        pool[to] = mixed ^ (mixed >>> 16);
      }
  return [...pool, ...pool].map(stirrer(0x8b51f9dd, 0x58f38ded));
}

/** numpy.random.default_rng(seed): a PCG64 generator. @param {number} seed @returns {Rng} */
export function defaultRng(seed) {
  const words = seedWords(seed);
  const limbs = (...at) => at.flatMap((k) => [words[k] & 0xffff, words[k] >>> 16]);
  const sequence = limbs(6, 7, 4, 5);
  const increment = sequence.map((limb, k) => ((limb << 1) | (k ? sequence[k - 1] >>> 15 : 1)) & 0xffff);
  const state = Float64Array.from(limbs(2, 3, 0, 1), (limb, k) => limb + increment[k]);
  advance();
  let low = 0, high = 0; // the two halves of the last 64 bits drawn
  let spare = -1; // the half that the next 32 bits are, where one is left over

  /** state = (state * multiplier + increment) mod 2^128. A product of two entries is below 2^33, so their sums are exact. */
  function advance() {
    for (let k = 7; k >= 0; k--) {
      let sum = increment[k];
      for (let i = 0; i <= k; i++) sum += state[i] * PCG_MULTIPLIER[k - i];
      state[k] = sum;
    }
    for (let k = 0, carry = 0; k < 8; k++) {
      carry += state[k];
      state[k] = carry % 65536;
      carry = Math.floor(carry / 65536);
    }
  }

  /** The next 64 bits: the state's upper half xor its lower, turned right by as many places as its top six bits say. */
  function next64() {
    advance();
    const turn = state[7] >>> 10, part = turn & 31;
    let right = (state[0] ^ state[4]) | ((state[1] ^ state[5]) << 16), left = (state[2] ^ state[6]) | ((state[3] ^ state[7]) << 16);
    if (turn & 32) [right, left] = [left, right];
    low = (part ? (right >>> part) | (left << (32 - part)) : right) >>> 0;
    high = (part ? (left >>> part) | (right << (32 - part)) : left) >>> 0;
  }

  /** The next 32 bits: of every 64 the lower half first. Other draws between the two do not touch the half left over. */
  function next32() {
    if (spare >= 0) {
      const bits = spare;
      spare = -1;
      return bits;
    }
    next64();
    spare = high;
    return low;
  }

  /** An integer from 0 to most, each as likely: just as many bits as `most` has, drawn anew while they say more. */
  function upTo(most) {
    const unused = Math.clz32(most);
    for (;;) {
      const value = (next32() << unused) >>> unused;
      if (value <= most) return value;
    }
  }

  function random() {
    next64();
    return (high * 2 ** 21 + (low >>> 11)) / 2 ** 53;
  }

  const uniform = (low, high) => low + (high - low) * random();

  return {
    random,
    uniform,
    permutation(n) {
      const order = Uint32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = upTo(i), held = order[i];
        order[i] = order[j];
        order[j] = held;
      }
      return order;
    },
    xavier(nIn, nOut) {
      const r = Math.sqrt(6 / (nIn + nOut));
      return Float64Array.from({ length: nIn * nOut }, () => uniform(-r, r));
    },
  };
}
