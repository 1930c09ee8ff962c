// What the samples in JavaScript call theirs; SPEECH is a WAV with a header of 44 bytes.
import { readFileSync } from "node:fs";

const pcm = readFileSync(process.env.SPEECH).subarray(44);

Object.assign(globalThis, {
  base: process.env.BASE,
  key: process.env.KEY,
  messages: [{ role: "user", content: "Say hello." }],
  frames: Array.from({ length: pcm.length / 640 }, (_, index) => pcm.subarray(640 * index, 640 * (index + 1))),
  show: console.log,
});
