// OpenAI's own JavaScript client against a server: `node client.mjs BASE_URL KEY` prints what it saw as JSON.
import OpenAI from "openai";

const [baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const messages = [{ role: "user", content: "Say hello." }];
const hello = { model: "qwen3-4b", messages };

async function refusal(call) {
  try {
    await call();
  } catch (error) {
    return { name: error.constructor.name, status: error.status ?? null, code: error.code ?? null };
  }
  return null;
}

async function streamed(options = {}) {
  const texts = [];
  const stream = await client.chat.completions.create({ ...hello, stream: true, ...options });
  for await (const chunk of stream) texts.push(chunk.choices[0].delta.content);
  return texts;
}

async function leave() {
  const stream = await client.chat.completions.create({ ...hello, stream: true, user: "leaves" });
  for await (const chunk of stream) {
    stream.controller.abort();
    return chunk.choices[0].delta.content;
  }
}

const seen = {};
seen.models = [];
for await (const model of client.models.list()) seen.models.push(model.id);
seen.created = (await client.models.retrieve("qwen3-4b")).created;
seen.whole = (await client.chat.completions.create(hello)).choices[0].message.content;
seen.streamed = await streamed();
seen.left = await leave();
seen.broken = await refusal(() => streamed({ user: "breaks" }));
seen.unknown = await refusal(() => client.chat.completions.create({ ...hello, model: "gpt-5" }));
seen.invalid = await refusal(() => client.chat.completions.create({ ...hello, messages: [] }));
seen.unauthorized = await refusal(() => new OpenAI({ baseURL, apiKey: "nobody", maxRetries: 0 }).models.list());
console.log(JSON.stringify(seen));
