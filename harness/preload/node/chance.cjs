// `Math.random` from a seed, so that what a program does by chance it does again.

"use strict";

const { isMainThread, threadId } = require("node:worker_threads");

function seedChance(env) {
  if (!env.CRISP_SEED) {
    return;
  }
  // FNV-1a over the text; each thread has a row of its own.
  let state = 2_166_136_261;
  for (const character of `${env.CRISP_SEED}/${isMainThread ? 0 : threadId}`) {
    state = Math.imul(state ^ character.codePointAt(0), 16_777_619);
  }
  const next = () => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  Math.random = function random() {
    // 53 bits, as in a double.
    return ((next() >>> 5) * 67_108_864 + (next() >>> 6)) / 9_007_199_254_740_992;
  };
}

module.exports = { seedChance };
